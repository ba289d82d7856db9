/** A page that has just been reloaded and still misses a chunk will not find it by reloading again. */
const JUST_RELOADED = 10_000;

/**
 * Loads the chunk of a page that somebody navigates to. After a deploy the chunks that an open tab knows are gone; then the
 * tab is loaded anew, once, which loses nothing, for it was going elsewhere.
 */
export async function loadPage<Chunk>(load: () => Promise<Chunk>): Promise<Chunk> {
  try {
    return await load();
  } catch (error) {
    const [navigation] = performance.getEntriesByType("navigation");
    const isReload = navigation instanceof PerformanceNavigationTiming && navigation.type === "reload";
    if (isReload && performance.now() < JUST_RELOADED) throw error;
    location.reload();
    return new Promise<never>(() => undefined);
  }
}
