"""What the report of a study says, a module for each part of it; `eventstudy.report.build` puts them together."""
