const DEFAULTS: Record<string, string> = {
  window: "today",
  aggregate: "namespace",
  idle: "separate",
};

/** The names of parameters that are empty or only say the default: addresses stay short enough to share. */
export function withoutEmpty(parameters: Record<string, unknown>): string[] {
  return Object.keys(parameters).filter((name) => {
    const value = parameters[name];
    return value === "" || value === undefined || DEFAULTS[name] === value;
  });
}
