// Advice for the need in the form: the formulas of advice/model.rs, filters.rs, front.rs and sensitivity.rs over the
// constants in the page. It shows itself only if it answers the needs of the table above as the table does.
(function () {
  "use strict";
  const keysOf = (flags) => Object.keys(flags).filter((key) => flags[key]);

  // p50 and p99; each is null where it was not measured.
  function latencyAt(points, deliveries) {
    return ["p50_ns", "p99_ns"].map((key) => {
      const known = points.filter((point) => point[key] !== null);
      const low = known.filter((point) => point.deliveries < deliveries).pop();
      const high = known.find((point) => point.deliveries >= deliveries);
      if (!low || !high) return low || high ? (low || high)[key] : null;
      const share = Math.log(deliveries / low.deliveries) / Math.log(high.deliveries / low.deliveries);
      return Math.exp(Math.log(low[key]) + share * Math.log(high[key] / low[key]));
    });
  }

  function predict(model, need, cores, within) {
    const { costs, measured } = model, rate = need.events_per_client, all = need.clients * rate;
    const [p50, p99] = latencyAt(model.latency, all), exchange = p99 / 1e9;
    // A poll that is answered within its interval leaves the rest of the staleness for the interval.
    const rest = need.staleness_ms / 1e3 - exchange;
    const interval = model.way === "poll" && p99 !== null && rest >= exchange && rest > 0 ? rest : null;
    let exchanges = 0, empty = 0;
    if (interval !== null) {
      exchanges = need.clients / interval;
      empty = Math.exp(-rate * interval);
    } else if (model.way === "hold") {
      empty = model.hold_s === null ? 0 : Math.exp(-rate * model.hold_s);
      exchanges = all / (1 - empty);
    }
    const deliveries = model.snapshot && exchanges > 0 ? exchanges * (1 - empty) : all, waits = interval * 1e9;
    // Without an interval what polls has no load, and none of this is known.
    const asked = model.way !== "poll" || interval !== null, known = (value) => asked ? value : null;
    const at = (line) => line.fixed + line.exchange * exchanges + line.delivery * deliveries;
    const memory = (line) => line[0] + line[1] * need.clients;
    const server = known(at(costs.server_us) / 1e6), client = known(at(costs.client_us) / 1e6);
    // More than the machine had: its latency would be that of a queue, which nobody knows.
    const later = (latency, share) => server > cores || latency === null || !asked ? null : latency + waits * share;
    const outside = (range, value) => value * within < range[0] || value > range[1] * within;
    return {
      interval_s: interval,
      requests_per_second: known(model.server_connects ? deliveries : exchanges),
      empty_share: known(empty),
      deliveries_per_second: known(deliveries),
      bytes_per_second: known(at(costs.bytes) + need.payload_bytes * deliveries),
      server_cores: server,
      client_cores: client,
      server_memory_bytes: memory(costs.server_memory),
      client_memory_bytes: memory(costs.client_memory),
      p50_ns: later(p50, 0.5),
      p99_ns: later(p99, 0.99),
      extrapolated: keysOf({
        clients: outside(measured.clients, need.clients),
        events_per_client: outside(measured.events_per_client, rate),
        payload: outside(measured.payload_bytes, need.payload_bytes),
        interval: measured.interval_s !== null && interval !== null && outside(measured.interval_s, interval),
        cores: server > cores,
      }),
    };
  }

  function reasons(model, need, prediction) {
    const polls = model.way === "poll", cores = prediction.extrapolated.includes("cores");
    const unknown = latencyAt(model.latency, need.clients * need.events_per_client)[1] === null && !cores;
    return keysOf({
      floor: model.floor,
      browser: need.browser && !model.browser,
      sends: need.sends && !model.bidirectional,
      inbound: !need.inbound && model.server_connects,
      persistent: !need.persistent && !model.server_connects && !polls,
      every_event: need.every_event && model.snapshot,
      interval: polls && prediction.interval_s === null && !unknown,
      late: !polls && prediction.p99_ns !== null && prediction.p99_ns > need.staleness_ms * 1e6,
      cores,
      unknown,
    });
  }

  function dominates(other, own, rules) {
    return other.every((value, index) => value <= own[index] * rules.no_worse)
      && other.some((value, index) => value * rules.better <= own[index]);
  }

  function judged({ rules, models, cores }, need) {
    const all = models.map((model) => {
      const it = predict(model, need, cores, rules.within);
      const costs = [it.server_cores, it.bytes_per_second, it.server_memory_bytes, model.lines];
      const measures = [it.p99_ns || 0, ...costs.map((cost, index) => Math.max(cost, rules.immaterial[index]))];
      return { model, prediction: it, reasons: reasons(model, need, it), measures, by: null };
    });
    const possible = all.filter((one) => !one.reasons.length);
    possible.forEach((one) => {
      const other = possible.find((other) => dominates(other.measures, one.measures, rules));
      one.by = other ? other.model.name : null;
    });
    // Tenths may add up to a ring in which each dominates the next. Then none does.
    if (possible.every((one) => one.by !== null)) possible.forEach((one) => { one.by = null; });
    const front = possible.filter((one) => one.by === null);
    const least = [1, 2, 3, 4].map((index) => Math.min(...front.map((one) => one.measures[index])));
    possible.forEach((one) => {
      const logarithms = least.map((least, index) => Math.log(one.measures[index + 1] / least));
      one.score = Math.exp(logarithms.reduce((sum, logarithm) => sum + logarithm)) ** 0.25;
    });
    return all;
  }

  function choices(given, need) {
    const rank = (one) => one.reasons.length ? 2 : one.by === null ? 0 : 1;
    const order = (a, b) => rank(a) - rank(b) || (a.score || 0) - (b.score || 0) || a.model.order - b.model.order;
    const all = judged(given, need).sort(order);
    all.forEach((one, index) => {
      const front = one.score <= all[0].score * given.rules.close ? "close" : "front";
      one.standing = [index === 0 ? "recommended" : front, "dominated", "excluded"][rank(one)];
    });
    return all;
  }

  // Whether nothing is recommended, although only an unknown p99 rules some candidate out.
  const isUnknown = (all) => first(all) === null && all.some(({ reasons }) => reasons.join() === "unknown");

  const first = (all) => all[0] && all[0].standing === "recommended" ? all[0].model.name : null;

  // Whether what was first is so still, or is not told apart from what is.
  function holds(all, now) {
    if (now === null) return first(all) === null;
    return all.some((one) => one.model.name === now && ["recommended", "close"].includes(one.standing));
  }

  function scanned(given, need, quantity, above, now) {
    const { rules } = given, [least, most] = quantity.limits;
    const answer = (value) => choices(given, { ...need, [quantity.key]: value });
    let same = need[quantity.key];
    for (let step = 0; step < rules.steps; step += 1) {
      const next = above ? Math.max(same * rules.step, same === 0 ? rules.from : 0) : same / rules.step;
      if (!(next >= least && next <= most) || next === same) return null;
      let other = next, then = answer(next), instead = first(then);
      if (holds(then, now)) { same = next; continue; }
      for (let halving = 0; halving < rules.halvings; halving += 1) {
        const middle = (same + other) / 2;
        then = answer(middle);
        if (holds(then, now)) same = middle; else { other = middle; instead = first(then); }
      }
      return { input: quantity.name, value: other, above, instead };
    }
    return null;
  }

  function sensitivities(given, need) {
    const now = first(choices(given, need));
    const moved = given.quantities.flatMap((quantity) => [false, true].map((above) => scanned(given, need, quantity, above, now)));
    const turned = given.conditions.map(({ key, yes, no }) => {
      const then = choices(given, { ...need, [key]: !need[key] });
      return holds(then, now) ? null : { input: need[key] ? no : yes, value: null, above: null, instead: first(then) };
    });
    return moved.concat(turned).filter(Boolean);
  }

  if (typeof module === "object") {
    module.exports = { choices, sensitivities, isUnknown };
    return;
  }

  const section = document.getElementById("advice"), data = document.getElementById("advice-constants");
  if (!section || !data) return;
  const given = JSON.parse(data.textContent);
  const [form, said, answer] = ["form", "output", ".answer"].map((part) => section.querySelector(part));

  function agrees({ need, choices: expected }) {
    const own = choices(given, need);
    return expected.every(({ name, score }, index) => {
      const one = own[index];
      return one && one.model.name === name && Math.abs((one.score || 0) - score) <= 1e-6 * Math.max(1, score);
    });
  }

  // Numbers as format.rs writes them.
  function significant(value) {
    if (value === null) return "–";
    if (value !== 0 && Math.abs(value) < 0.0005) return "<0.001";
    if (value >= 99.95) return Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, ",");
    return value === 0 ? "0" : value.toFixed(value >= 9.995 ? 1 : value >= 0.9995 ? 2 : 3);
  }
  function scaled(value, units) {
    const [size, unit] = units.find(([size]) => value >= size * 0.9995) || units[units.length - 1];
    return significant(value / size) + "\u00a0" + unit;
  }
  const bytes = (value) => value === null ? "–" : scaled(value, [[1e9, "GB"], [1e6, "MB"], [1e3, "KB"], [1, "B"]]);
  const duration = (value) => value === null ? "–" : scaled(value, [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]]);
  const twoDigits = (value) => Number(value.toPrecision(2)).toLocaleString("en", { maximumFractionDigits: 9 });

  function element(name, parent, text, properties) {
    const made = Object.assign(document.createElement(name), { textContent: text || "" }, properties);
    parent.append(made);
    return made;
  }

  function words({ by, prediction, reasons, standing }) {
    if (reasons.length) return "out: " + reasons.map((reason) => given.reasons[reason]).join("; ");
    const place = by === null ? given.standings[standing] : "dominated by " + by;
    const beyond = prediction.extrapolated.map((beyond) => given.beyond[beyond]).join(", ");
    return place + (beyond && "; extrapolated: " + beyond);
  }

  function row(one, body) {
    const it = one.prediction, line = element("tr", body), out = one.reasons.some((reason) => !["cores", "unknown"].includes(reason));
    const every = out || it.interval_s === null ? "" : " every " + duration(it.interval_s * 1e9);
    element("th", line, (one.standing === "recommended" ? "→ " : "") + one.model.name + every, { scope: "row" });
    const cells = out ? Array(7).fill("–") : [
      duration(it.p50_ns), duration(it.p99_ns), significant(it.requests_per_second), bytes(it.bytes_per_second),
      significant(it.server_cores) + " / " + significant(it.client_cores), bytes(it.server_memory_bytes), one.score === undefined ? "–" : significant(one.score),
    ];
    [...cells, words(one)].forEach((text) => element("td", line, text));
  }

  function absentRow({ name, why }, body) {
    const line = element("tr", body);
    element("th", line, name, { scope: "row" });
    [...Array(7).fill("–"), "out: " + why].forEach((text) => element("td", line, text));
  }

  function answerOf(all) {
    if (isUnknown(all)) return given.unknown;
    return first(all) === null ? "Nothing that was measured meets this need." : "Recommended: " + first(all) + ".";
  }

  function show() {
    const need = {};
    Array.from(form.elements).forEach((input) => { need[input.name] = input.type === "checkbox" ? input.checked : Number(input.value); });
    answer.textContent = "";
    const wrong = given.quantities.find(({ key, limits: [least, most] }) => !(need[key] >= least && need[key] <= most));
    said.className = wrong ? "warns" : "line";
    if (wrong) {
      said.textContent = wrong.name + ": expected from " + wrong.limits.map(twoDigits).join(" to ");
      return;
    }
    const all = choices(given, need);
    said.textContent = [answerOf(all), ...given.notes].join(" ");
    const title = "Advice for this need, predicted";
    const scroll = element("div", answer, "", { className: "scroll", tabIndex: 0, role: "group", ariaLabel: title });
    const table = element("table", scroll, "", { className: "advice" });
    element("span", element("caption", table), title);
    const head = element("tr", element("thead", table)), body = element("tbody", table);
    given.headings.forEach((heading) => element("th", head, heading, { scope: "col" }));
    all.forEach((one) => row(one, body));
    given.absent.forEach((absent) => absentRow(absent, body));
    element("p", answer, "What would change the answer, one input at a time:");
    const list = element("ul", answer), found = sensitivities(given, need);
    found.forEach(({ input, value, above, instead }) => {
      const when = value === null ? "if " + input : "just " + (above ? "above" : "below") + " about " + twoDigits(value) + " " + input;
      element("li", list, when + ": " + (instead === null ? "nothing" : instead));
    });
    if (!found.length) element("li", list, isUnknown(all) ? given.changes.unknown : given.changes.none);
  }

  // After every other script has seen the page's own tables and put what the address says into the form.
  document.addEventListener("DOMContentLoaded", () => {
    if (!given.answers.every(agrees)) {
      element("p", section, "The form is left out: this browser’s numbers differ from those of the table.", { className: "warns" });
      return;
    }
    form.addEventListener("input", show);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.hidden = false;
    show();
  });
})();
