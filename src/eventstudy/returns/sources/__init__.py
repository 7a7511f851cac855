"""Where prices come from: Yahoo, French, FRED, Stooq, files, frames, frozen folders."""
