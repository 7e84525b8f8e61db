// Sorts and pages the tables, enlarges figures, and opens what a link points into.
const ROWS = 100;
const cells = line => line.includes('"')
  ? line.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/).map(c => c.replace(/^"|"$/g, "").replaceAll('""', '"'))
  : line.split(",");
const shown = text => /\d[.e]/i.test(text) ? String(Number(Number(text).toPrecision(5))) : text;

for (const part of document.querySelectorAll("details.data")) {
  const csv = JSON.parse(part.querySelector("script").textContent);
  const heads = [...part.querySelectorAll("th")], find = name => part.querySelector(name);
  const numeric = heads.map(head => head.classList.contains("n"));
  let rows = null, from = 0;
  const draw = start => {
    rows ??= csv.trimEnd().split("\n").slice(1).map(cells);
    from = Math.max(0, start);
    find("tbody").replaceChildren(...rows.slice(from, from + ROWS).map(row => {
      const line = document.createElement("tr");
      row.forEach((text, i) => {
        const cell = line.insertCell();
        cell.textContent = numeric[i] ? shown(text) : text;
        if (numeric[i]) cell.className = "n";
      });
      return line;
    }));
    find(".which").textContent = `rows ${rows.length && from + 1}–${Math.min(from + ROWS, rows.length)} of ${rows.length}`;
    find(".back").disabled = from === 0;
    find(".on").disabled = from + ROWS >= rows.length;
    find(".rows").scrollTop = 0;
  };
  heads.forEach((head, i) => head.querySelector("button").addEventListener("click", () => {
    const sign = head.ariaSort === "ascending" ? -1 : 1;
    heads.forEach(other => { other.ariaSort = "none"; });
    head.ariaSort = sign > 0 ? "ascending" : "descending";
    draw(0);
    rows.sort((a, b) => a[i] === "" || b[i] === "" ? (a[i] === "") - (b[i] === "")   // empty cells last, either way
      : sign * (numeric[i] ? a[i] - b[i] : a[i].localeCompare(b[i])));
    draw(0);
  }));
  find(".back").addEventListener("click", () => draw(from - ROWS));
  find(".on").addEventListener("click", () => draw(from + ROWS));
  find(".save").addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([csv], {type: "text/csv"}));
    link.download = part.id.replace("table-", "") + ".csv";
    link.click();
  });
}

const lens = document.getElementById("lens");
for (const button of document.querySelectorAll("button.zoom"))
  button.addEventListener("click", () => {
    const [from, to] = [button.querySelector("img"), lens.querySelector("img")];
    [to.src, to.alt] = [from.src, from.alt];
    lens.classList.remove("full");
    lens.showModal();
  });
lens.addEventListener("click", event => event.target.tagName === "IMG" ? lens.classList.toggle("full") : lens.close());

const reveal = () => {
  const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
  if (target?.closest("details")) target.closest("details").open = true;
  document.querySelector(".menu").open = false;
  if (target) target.scrollIntoView();
};
addEventListener("hashchange", reveal);
if (location.hash) reveal();
