// Sorts a table by the column whose heading is pressed, and keeps the order in the address, so that a view can be sent.
// A classic script: modules do not load from a file.
(function () {
  "use strict";
  var tables = Array.prototype.slice.call(document.querySelectorAll("table"));

  function value(row, column) {
    var cell = row.cells[column];
    if (cell.dataset.order !== undefined) return Number(cell.dataset.order);
    return cell.textContent.trim();
  }

  function sort(table, column, down) {
    var body = table.tBodies[0];
    var numbered = Array.prototype.some.call(body.rows, function (row) { return row.cells[column].dataset.order !== undefined; });
    var rows = Array.prototype.slice.call(body.rows);
    rows.sort(function (a, b) {
      var x = value(a, column), y = value(b, column);
      if (numbered) {
        // What has no number goes last, whichever way.
        if (typeof x !== "number" || typeof y !== "number") return (typeof y === "number") - (typeof x === "number");
        return down ? y - x : x - y;
      }
      return (down ? -1 : 1) * String(x).localeCompare(String(y));
    });
    rows.forEach(function (row) { body.appendChild(row); });
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (cell, index) {
      if (index === column) cell.setAttribute("aria-sort", down ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    });
  }

  tables.forEach(function (table, number) {
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (cell, column) {
      var button = document.createElement("button");
      button.type = "button";
      button.textContent = cell.textContent;
      cell.textContent = "";
      cell.appendChild(button);
      button.addEventListener("click", function () {
        var down = cell.getAttribute("aria-sort") === "ascending";
        sort(table, column, down);
        history.replaceState(null, "", "#sort=" + [number, column, down ? "down" : "up"].join(","));
      });
    });
  });

  var wanted = /^#sort=(\d+),(\d+),(up|down)$/.exec(location.hash);
  var table = wanted && tables[Number(wanted[1])];
  if (table && table.tHead.rows[0].cells[Number(wanted[2])]) sort(table, Number(wanted[2]), wanted[3] === "down");
})();
