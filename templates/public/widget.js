(function () {
  var here = document.currentScript;
  var frame = document.createElement("iframe");
  frame.src = "{{ address|escapejs }}";
  frame.title = "{{ label|escapejs }}";
  frame.loading = "lazy";
  frame.referrerPolicy = "no-referrer";
  frame.style.cssText = "width:100%;max-width:30rem;height:" + ((here && here.dataset.height) || "22rem") + ";border:0";
  here.parentNode.insertBefore(frame, here.nextSibling);
})();
