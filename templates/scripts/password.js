(() => {
  // A few rules of the server, for a hint while typing. The server checks again, and nothing is sent before.
  const field = document.getElementById("new-password");
  const live = document.getElementById("new-password-live");
  const isPlain = (text) => {
    const letters = [...text.toLowerCase()];
    const step = (at) => letters[at].codePointAt(0) - letters[at - 1].codePointAt(0);
    let runs = 0;
    for (let at = 2; at < letters.length; at++) {
      runs += Math.abs(step(at)) < 2 && step(at) === step(at - 1) ? 1 : 0;
    }
    return new Set(letters).size < 5 || runs > letters.length / 2 || /^\p{L}{1,9}[\d\p{P}]{0,4}$/u.test(text);
  };
  field.addEventListener("input", () => {
    const length = [...field.value].length;
    const key = length < Number(live.dataset.min) ? "short" : isPlain(field.value) ? "plain" : "good";
    live.textContent = length === 0 ? "" : live.dataset[key];
  });
})();
