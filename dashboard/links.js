// Turns clicks on links within the dashboard into changes of the page in place: Streamlit listens to the history.
// Without this script, or with a modifier key, they stay ordinary links.
export default function ({ data }) {
  document.documentElement.lang = data.lang;
  const follow = (event) => {
    const link = event.target.closest && event.target.closest('a[href^="/"]');
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) {
      return;
    }
    event.preventDefault();
    window.history.pushState({}, "", link.getAttribute("href"));
    window.dispatchEvent(new PopStateEvent("popstate", { state: {} }));
    const main = document.querySelector('[data-testid="stMain"]');
    if (main) main.scrollTo(0, 0);
  };
  document.addEventListener("click", follow);
  return () => document.removeEventListener("click", follow);
}
