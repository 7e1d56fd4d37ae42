const DEFAULTS: Record<string, string> = {
  window: "today",
  aggregate: "namespace",
  idle: "separate",
};

/** The names of parameters that are empty or only say the default: addresses stay short enough to share. */
export function withoutEmpty(
  parameters: Record<string, unknown>,
  defaults: Record<string, string> = DEFAULTS,
): string[] {
  return Object.keys(parameters).filter((name) => {
    const value = parameters[name];
    return value === "" || value === undefined || defaults[name] === value;
  });
}
