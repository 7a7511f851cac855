// The theme's toggles have no name: a screen reader is told what they do.
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("div.math").forEach((formula) => {
    if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0; // what scrolls is reached by the keyboard
  });
  document.querySelectorAll("summary").forEach((toggle) => {
    if (!toggle.textContent.trim()) toggle.setAttribute("aria-label", "Show or hide the pages below");
  });
});
