/** What the keys of the film do, the same wherever a viewer is. */

/** @param {import("./film.js").Film} film @returns {Record<string, (place?: number) => void>} */
export function filmKeys(film) {
  const { player } = film;
  const onFilm = (does) => () => {
    if (film.picture) film.whole();
    does();
  };
  const play = () => {
    if (!film.picture?.chosen) return player.toggle();
    film.whole();
    return player.play();
  };
  return {
    play,
    back_frame: onFilm(() => player.step(-1)),
    next_frame: onFilm(() => player.step(1)),
    back_second: onFilm(() => film.seek(player.at - 1)),
    next_second: onFilm(() => film.seek(player.at + 1)),
    slower: () => player.faster(-1),
    faster: () => player.faster(1),
    loop: () => player.setLoop(!player.looping),
    overlay: () => film.setOverlay(),
    plate: () => film.plate(),
    follow: () => film.setFollow(),
    film: () => film.whole(),
    shot: (place) => film.shot(place),
  };
}
