// Advice for the need in the form: the formulas of advice/model.rs, filters.rs, front.rs and sensitivity.rs over the
// constants in the page. It shows itself only if it answers the needs of the table above as the table does.
(function () {
  "use strict";

  function latencyAt(model, deliveries) {
    var points = model.latency, after = 0;
    while (after < points.length && points[after].deliveries < deliveries) after += 1;
    var low = points[after - 1], high = points[after];
    if (!low || !high) {
      var only = high || low;
      return only ? [only.p50_ns, only.p99_ns] : null;
    }
    var share = Math.log(deliveries / low.deliveries) / Math.log(high.deliveries / low.deliveries);
    return ["p50_ns", "p99_ns"].map(function (key) { return Math.exp(Math.log(low[key]) + share * Math.log(high[key] / low[key])); });
  }

  function intervalWithin(model, staleness, deliveries) {
    var latency = latencyAt(model, deliveries), exchange = latency ? latency[1] / 1e9 : 0;
    var interval = staleness / 1e3 - exchange;
    return interval >= exchange && interval > 0 ? interval : null;
  }

  function predict(model, need, cores, within) {
    var all = need.clients * need.events_per_client;
    var polls = model.way === "poll", rate = need.events_per_client, costs = model.costs;
    var interval = polls ? intervalWithin(model, need.staleness_ms, all) : null;
    var exchanges = 0, empty = 0;
    if (polls && interval !== null) {
      exchanges = need.clients / interval;
      empty = Math.exp(-rate * interval);
    } else if (model.way === "hold") {
      empty = model.hold_s === null ? 0 : Math.exp(-rate * model.hold_s);
      exchanges = all / (1 - empty);
    }
    var deliveries = model.snapshot && exchanges > 0 ? exchanges * (1 - empty) : all;
    var latency = latencyAt(model, all), waits = (interval === null ? 0 : interval) * 1e9;
    function at(line) { return line.fixed + line.exchange * exchanges + line.delivery * deliveries; }
    var server = at(costs.server_us) / 1e6, client = at(costs.client_us) / 1e6;
    function outside(range, value) { return value * within < range[0] || value > range[1] * within; }
    var measured = model.measured;
    var beyond = {
      clients: outside(measured.clients, need.clients),
      events_per_client: outside(measured.events_per_client, need.events_per_client),
      payload: outside(measured.payload_bytes, need.payload_bytes),
      interval: measured.interval_s !== null && interval !== null && outside(measured.interval_s, interval),
      cores: server + client > cores
    };
    return {
      interval_s: interval,
      requests_per_second: model.server_connects ? deliveries : exchanges,
      empty_share: empty,
      deliveries_per_second: deliveries,
      bytes_per_second: at(costs.bytes) + need.payload_bytes * deliveries,
      server_cores: server,
      client_cores: client,
      server_memory_bytes: costs.server_memory[0] + costs.server_memory[1] * need.clients,
      client_memory_bytes: costs.client_memory[0] + costs.client_memory[1] * need.clients,
      p50_ns: latency ? latency[0] + waits * 0.5 : null,
      p99_ns: latency ? latency[1] + waits * 0.99 : null,
      extrapolated: Object.keys(beyond).filter(function (key) { return beyond[key]; })
    };
  }

  function reasons(model, need, prediction) {
    var polls = model.way === "poll";
    var out = {
      floor: model.floor,
      browser: need.browser && !model.browser,
      sends: need.sends && !model.bidirectional,
      inbound: !need.inbound && model.server_connects,
      persistent: !need.persistent && !model.server_connects && !polls,
      every_event: need.every_event && model.snapshot,
      interval: polls && prediction.interval_s === null,
      late: !polls && prediction.p99_ns !== null && prediction.p99_ns > need.staleness_ms * 1e6
    };
    return Object.keys(out).filter(function (key) { return out[key]; });
  }

  function dominates(other, own, rules) {
    return other.every(function (value, index) { return value <= own[index] * rules.no_worse; }) &&
      other.some(function (value, index) { return value * rules.better <= own[index]; });
  }

  function judged(given, need) {
    var rules = given.rules, all = given.models.map(function (model) {
      var it = predict(model, need, given.cores, rules.within);
      var costs = [it.server_cores, it.bytes_per_second, it.server_memory_bytes, model.lines].map(function (cost, index) { return Math.max(cost, rules.immaterial[index]); });
      return { model: model, prediction: it, reasons: reasons(model, need, it), measures: [it.p99_ns === null ? 0 : it.p99_ns].concat(costs), by: null };
    });
    var possible = all.filter(function (one) { return !one.reasons.length; });
    possible.forEach(function (one) {
      var others = possible.filter(function (other) { return dominates(other.measures, one.measures, rules); });
      one.by = others.length ? others[0].model.name : null;
    });
    if (possible.every(function (one) { return one.by !== null; })) possible.forEach(function (one) { one.by = null; });
    var front = possible.filter(function (one) { return one.by === null; });
    possible.forEach(function (one) {
      var logarithms = [1, 2, 3, 4].map(function (index) {
        return Math.log(one.measures[index] / Math.min.apply(null, front.map(function (other) { return other.measures[index]; })));
      });
      one.score = Math.pow(Math.exp(logarithms[0] + logarithms[1] + logarithms[2] + logarithms[3]), 0.25);
    });
    return all;
  }

  function rank(one) { return one.reasons.length ? 2 : one.by === null ? 0 : 1; }

  function choices(given, need) {
    var all = judged(given, need).sort(function (a, b) {
      return rank(a) - rank(b) || (a.score || 0) - (b.score || 0) || a.model.order - b.model.order;
    });
    all.forEach(function (one, index) {
      var front = one.score <= all[0].score * given.rules.close ? "close" : "front";
      one.standing = [index === 0 ? "recommended" : front, "dominated", "excluded"][rank(one)];
    });
    return all;
  }

  function first(all) { return all[0] && all[0].standing === "recommended" ? all[0].model.name : null; }

  // Whether what was first is so still, or is not told apart from what is.
  function holds(all, now) {
    if (now === null) return first(all) === null;
    return all.some(function (one) { return one.model.name === now && (one.standing === "recommended" || one.standing === "close"); });
  }

  function changed(need, key, value) {
    var copy = {};
    Object.keys(need).forEach(function (name) { copy[name] = need[name]; });
    copy[key] = value;
    return copy;
  }

  function scanned(given, need, quantity, above, now) {
    var rules = given.rules, same = need[quantity.key];
    for (var step = 0; step < rules.steps; step += 1) {
      var next = above ? Math.max(same * rules.step, same === 0 ? rules.from : 0) : same / rules.step;
      if (!(next >= quantity.limits[0] && next <= quantity.limits[1]) || next === same) return null;
      var then = choices(given, changed(need, quantity.key, next));
      if (holds(then, now)) { same = next; continue; }
      var other = next, instead = first(then);
      for (var halving = 0; halving < rules.halvings; halving += 1) {
        var middle = (same + other) / 2;
        then = choices(given, changed(need, quantity.key, middle));
        if (holds(then, now)) same = middle; else { other = middle; instead = first(then); }
      }
      return { input: quantity.name, value: other, above: above, instead: instead };
    }
    return null;
  }

  function sensitivities(given, need) {
    var now = first(choices(given, need)), found = [];
    given.quantities.forEach(function (quantity) {
      [false, true].forEach(function (above) {
        var one = scanned(given, need, quantity, above, now);
        if (one) found.push(one);
      });
    });
    given.conditions.forEach(function (condition) {
      var value = !need[condition.key], then = choices(given, changed(need, condition.key, value));
      if (!holds(then, now)) found.push({ input: value ? condition.yes : condition.no, value: null, above: null, instead: first(then) });
    });
    return found;
  }

  if (typeof module === "object") {
    module.exports = { choices: choices, sensitivities: sensitivities };
    return;
  }

  var section = document.getElementById("advice"), data = document.getElementById("advice-constants");
  if (!section || !data) return;
  var given = JSON.parse(data.textContent), form = section.querySelector("form"), output = section.querySelector("output");

  function agrees(answer) {
    var own = choices(given, answer.need);
    return answer.choices.every(function (expected, index) {
      var one = own[index], score = one && (one.score || 0);
      return one && one.model.name === expected.name && Math.abs(score - expected.score) <= 1e-6 * Math.max(1, score);
    });
  }

  function significant(value) {
    if (value !== 0 && Math.abs(value) < 0.0005) return "<0.001";
    if (value >= 99.95) return Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, ",");
    return value === 0 ? "0" : value.toFixed(value >= 9.995 ? 1 : value >= 0.9995 ? 2 : 3);
  }
  function scaled(value, units) {
    var fitting = units.filter(function (unit) { return value >= unit[0] * 0.9995; })[0] || units[units.length - 1];
    return significant(value / fitting[0]) + "\u00a0" + fitting[1];
  }
  function bytes(value) { return scaled(value, [[1e9, "GB"], [1e6, "MB"], [1e3, "KB"], [1, "B"]]); }
  function duration(value) { return value === null ? "–" : scaled(value, [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]]); }
  function twoDigits(value) { return Number(value.toPrecision(2)).toLocaleString("en", { maximumFractionDigits: 9 }); }

  function element(name, text, parent) {
    var made = document.createElement(name);
    made.textContent = text;
    if (parent) parent.appendChild(made);
    return made;
  }

  function words(one) {
    var it = one.prediction, said = [];
    if (one.reasons.length) return "out: " + one.reasons.map(function (reason) { return given.reasons[reason]; }).join("; ");
    said.push(one.by === null ? given.standings[one.standing] : "dominated by " + one.by);
    if (it.extrapolated.length) said.push("extrapolated: " + it.extrapolated.map(function (beyond) { return given.beyond[beyond]; }).join(", "));
    return said.join("; ");
  }

  function row(one, body) {
    var it = one.prediction, line = element("tr", "", body), out = one.reasons.length > 0;
    var name = one.model.name + (it.interval_s === null || out ? "" : " every " + duration(it.interval_s * 1e9));
    element("th", (one.standing === "recommended" ? "→ " : "") + name, line).scope = "row";
    var cells = out ? ["–", "–", "–", "–", "–", "–", "–"] : [
      duration(it.p50_ns), duration(it.p99_ns), significant(it.requests_per_second), bytes(it.bytes_per_second),
      significant(it.server_cores) + " / " + significant(it.client_cores), bytes(it.server_memory_bytes), significant(one.score)
    ];
    cells.concat(words(one)).forEach(function (text) { element("td", text, line); });
  }

  function show() {
    var need = {};
    Array.prototype.forEach.call(form.elements, function (input) {
      if (input.name) need[input.name] = input.type === "checkbox" ? input.checked : Number(input.value);
    });
    output.textContent = "";
    var wrong = given.quantities.filter(function (quantity) {
      var value = need[quantity.key];
      return !(value >= quantity.limits[0] && value <= quantity.limits[1]);
    })[0];
    if (wrong) {
      element("p", wrong.name + ": expected from " + wrong.limits[0] + " to " + wrong.limits[1], output).className = "warns";
      return;
    }
    var all = choices(given, need), best = first(all);
    element("p", best === null ? "Nothing that was measured meets this need." : "Recommended: " + best, output).className = "line";
    var scroll = element("div", "", output), table = element("table", "", scroll);
    scroll.className = "scroll";
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", "Advice for this need");
    table.className = "advice";
    element("caption", "Advice for this need, predicted", table);
    var head = element("tr", "", element("thead", "", table)), body = element("tbody", "", table);
    given.headings.forEach(function (heading) { element("th", heading, head).scope = "col"; });
    all.forEach(function (one) { row(one, body); });
    element("p", "What would change the answer, one input at a time:", output);
    var list = element("ul", "", output), found = sensitivities(given, need);
    found.forEach(function (one) {
      var when = one.value === null ? "if " + one.input : (one.above ? "above" : "below") + " about " + twoDigits(one.value) + " " + one.input;
      element("li", when + ": " + (one.instead === null ? "nothing" : one.instead), list);
    });
    if (!found.length) element("li", "nothing within a factor of ten thousand", list);
  }

  // After every other script has seen the page's own tables.
  document.addEventListener("DOMContentLoaded", function () {
    if (!given.answers.every(agrees)) {
      element("p", "The form is left out: this browser's numbers differ from those of the table.", section).className = "warns";
      return;
    }
    form.addEventListener("input", show);
    form.addEventListener("submit", function (event) { event.preventDefault(); });
    form.hidden = false;
    show();
  });
})();
