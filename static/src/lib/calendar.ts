/** A calendar of two months: the first and the last day of a period, both included, in UTC. */

const DAY = 86_400_000;
const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** A day as `2026-01-31`; they compare as texts. */
export type Day = string;

export const dayOf = (instant: number): Day => new Date(instant).toISOString().slice(0, 10);
const instantOf = (day: Day): number => Date.parse(`${day}T00:00:00Z`);
export const plusDays = (day: Day, days: number): Day => dayOf(instantOf(day) + days * DAY);

/** The same day of another month, or that month's last. */
export function plusMonths(day: Day, months: number): Day {
  const at = new Date(instantOf(day));
  const first = Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + months, 1);
  const next = new Date(first);
  const length = new Date(Date.UTC(next.getUTCFullYear(), next.getUTCMonth() + 1, 0)).getUTCDate();
  return dayOf(first + (Math.min(at.getUTCDate(), length) - 1) * DAY);
}

/** The weeks of a day's month, Monday first; "" for places of other months. */
export function weeksOf(day: Day): Day[][] {
  const first = `${day.slice(0, 7)}-01`;
  const before = (new Date(instantOf(first)).getUTCDay() + 6) % 7;
  const cells: Day[] = Array.from({ length: before }, () => "");
  for (let at = first; at.slice(0, 7) === first.slice(0, 7); at = plusDays(at, 1)) cells.push(at);
  while (cells.length % 7) cells.push("");
  return Array.from({ length: cells.length / 7 }, (_, week) => cells.slice(week * 7, week * 7 + 7));
}

const words = (day: Day, style: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...style }).format(instantOf(day));

export function initCalendars(root: ParentNode): void {
  for (const box of root.querySelectorAll<HTMLElement>("[data-calendar]")) {
    if (box.dataset.ready) continue;
    box.dataset.ready = "true";
    const months = box.querySelector<HTMLElement>("[data-part=months]");
    const first = box.querySelector<HTMLInputElement>("[data-part=first]");
    const last = box.querySelector<HTMLInputElement>("[data-part=last]");
    if (months && first && last) start(box, months, first, last);
  }
}

function start(
  box: HTMLElement,
  months: HTMLElement,
  first: HTMLInputElement,
  last: HTMLInputElement,
): void {
  const { oldest = "", newest = "" } = box.dataset;
  const chosen = { first: first.value || box.dataset.first, last: last.value || box.dataset.last };
  // The later of the two months shown, and the day that the keyboard stands on.
  let shown = clamp(chosen.last || newest);
  let focused = shown;
  let waitsForLast = false;

  function clamp(day: Day): Day {
    if (day > newest) return newest;
    return day < oldest ? oldest : day;
  }

  const draw = (focus = false) => {
    months.replaceChildren(
      turn("Earlier", -1, plusMonths(shown, -1).slice(0, 7) > oldest.slice(0, 7)),
      month(plusMonths(shown, -1)),
      month(shown),
      turn("Later", 1, shown.slice(0, 7) < newest.slice(0, 7)),
    );
    if (focus) months.querySelector<HTMLElement>(`[data-day="${focused}"]`)?.focus();
  };

  const turn = (label: string, step: number, possible: boolean) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = `calendar-turn is-${label.toLowerCase()}`;
    button.ariaLabel = `${label} months`;
    button.textContent = step < 0 ? "‹" : "›";
    button.disabled = !possible;
    button.addEventListener("click", () => {
      shown = clamp(plusMonths(shown, step));
      focused = clamp(plusMonths(focused, step));
      draw();
      months.querySelector<HTMLElement>(`.is-${label.toLowerCase()}`)?.focus();
    });
    return button;
  };

  const month = (day: Day) => {
    const table = document.createElement("table");
    table.className = "calendar-month";
    table.createCaption().textContent = words(day, { month: "long", year: "numeric" });
    const head = table.createTHead().insertRow();
    for (const name of WEEKDAYS) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = name.slice(0, 2);
      cell.abbr = name;
      head.append(cell);
    }
    const body = table.createTBody();
    for (const week of weeksOf(day)) {
      const row = body.insertRow();
      for (const each of week) {
        const cell = row.insertCell();
        if (each) cell.append(dayButton(each));
      }
    }
    return table;
  };

  const dayButton = (day: Day) => {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.day = day;
    button.textContent = String(Number(day.slice(8)));
    const isEnd = day === chosen.first || day === chosen.last;
    const within = Boolean(chosen.first && chosen.last) && isBetween(day);
    button.classList.toggle("is-end", isEnd);
    button.classList.toggle("is-within", within);
    button.ariaPressed = String(isEnd || within);
    button.tabIndex = day === focused ? 0 : -1;
    const outside = reason(day);
    button.ariaLabel = words(day, { day: "numeric", month: "long", year: "numeric" }) + outside;
    if (outside) {
      button.setAttribute("aria-disabled", "true");
      button.title = outside.slice(2);
    } else {
      button.addEventListener("click", () => choose(day));
    }
    return button;
  };

  const isBetween = (day: Day) => day >= (chosen.first ?? "") && day <= (chosen.last ?? "");

  const reason = (day: Day) => {
    if (day > newest) return ", in the future";
    return day < oldest ? ", no longer kept by your plan" : "";
  };

  const choose = (day: Day) => {
    focused = day;
    if (waitsForLast && chosen.first) {
      [chosen.first, chosen.last] = day < chosen.first ? [day, chosen.first] : [chosen.first, day];
      waitsForLast = false;
    } else {
      [chosen.first, chosen.last] = [day, day];
      waitsForLast = true;
    }
    [first.value, last.value] = [chosen.first, chosen.last ?? day];
    draw(true);
  };

  const moves: Record<string, (day: Day) => Day> = {
    ArrowLeft: (day) => plusDays(day, -1),
    ArrowRight: (day) => plusDays(day, 1),
    ArrowUp: (day) => plusDays(day, -7),
    ArrowDown: (day) => plusDays(day, 7),
    PageUp: (day) => plusMonths(day, -1),
    PageDown: (day) => plusMonths(day, 1),
    Home: (day) => `${day.slice(0, 7)}-01`,
    End: (day) => plusDays(`${plusMonths(day, 1).slice(0, 7)}-01`, -1),
  };

  months.addEventListener("keydown", (event) => {
    const move = moves[event.key];
    const target = event.target instanceof HTMLElement ? event.target : null;
    if (!move || !target?.dataset.day) return;
    event.preventDefault();
    focused = clamp(move(target.dataset.day));
    const earlier = plusMonths(shown, -1).slice(0, 7);
    if (focused.slice(0, 7) > shown.slice(0, 7)) shown = focused;
    else if (focused.slice(0, 7) < earlier) shown = plusMonths(focused, 1);
    draw(true);
  });
  for (const [name, input] of [
    ["first", first],
    ["last", last],
  ] as const) {
    input.addEventListener("change", () => {
      chosen[name] = input.value;
      if (input.value) focused = shown = clamp(chosen.last || input.value);
      draw();
    });
  }
  months.hidden = false;
  draw();
}
