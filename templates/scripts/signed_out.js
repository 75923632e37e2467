(() => {
  let gone = false;
  const go = () => {
    if (!gone) {
      gone = true;
      location.replace(document.getElementById("continue").href);
    }
  };
  addEventListener("load", go);
  setTimeout(go, 3000);
})();
