// For the page of somebody else that shows a process in a frame: makes the frame as high as what is in it.
// Without this script the frame keeps the height that it has, and scrolls.
addEventListener("message", ({ source, origin, data }) => {
  for (const frame of document.querySelectorAll("iframe[data-wijkbudget]")) {
    const height = data?.wijkbudget?.height;
    if (source === frame.contentWindow && origin === new URL(frame.src).origin && Number.isFinite(height)) {
      frame.style.height = `${Math.min(Math.max(Math.ceil(height), 100), 20000)}px`;
    }
  }
});
for (const frame of document.querySelectorAll("iframe[data-wijkbudget]")) {
  // It may have said how high it is before this script was there.
  frame.contentWindow?.postMessage({ wijkbudget: "height?" }, "*");
}
