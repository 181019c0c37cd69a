/** What the keys of the film do, the same wherever a viewer is. */

/** @param {import("./viewer.js").Viewer} viewer @returns {Record<string, (place?: number) => void>} */
export function filmKeys(viewer) {
  const { player } = viewer;
  const onFilm = (does) => () => {
    if (viewer.picture) viewer.film();
    does();
  };
  return {
    play: () => (viewer.picture?.chosen ? (viewer.film(), player.play()) : player.toggle()),
    back_frame: onFilm(() => player.step(-1)),
    next_frame: onFilm(() => player.step(1)),
    back_second: onFilm(() => viewer.seek(player.at - 1)),
    next_second: onFilm(() => viewer.seek(player.at + 1)),
    slower: () => player.faster(-1),
    faster: () => player.faster(1),
    loop: () => player.setLoop(!player.looping),
    overlay: () => viewer.setOverlay(),
    plate: () => viewer.plate(),
    follow: () => viewer.setFollow(),
    film: () => viewer.film(),
    shot: (place) => viewer.shot(place),
  };
}
