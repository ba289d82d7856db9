/**
 * After a deploy the chunks that an open page knows are gone. Then the page is loaded anew, once; should the chunk be missing
 * even so, the error page says so instead of loading for ever.
 */
export function reloadOnNewRelease(): void {
  addEventListener("vite:preloadError", (event) => {
    const [navigation] = performance.getEntriesByType("navigation");
    const isReload = navigation instanceof PerformanceNavigationTiming && navigation.type === "reload";
    if (isReload && performance.now() < 10_000) return;
    event.preventDefault();
    location.reload();
  });
}
