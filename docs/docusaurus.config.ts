import { existsSync } from "node:fs";
import type { Options as DocsOptions } from "@docusaurus/plugin-content-docs";
import type { Options as ThemeOptions } from "@docusaurus/theme-classic";
import type { UserThemeConfig } from "@docusaurus/theme-common";
import type { Config } from "@docusaurus/types";
import { themes } from "prism-react-renderer";

// `make docs` builds the reference first; a plain `npm run build` works without it.
const hasApiReference = existsSync(`${__dirname}/static/api/index.html`);

const config: Config = {
  title: "Cost Insights",
  tagline: "What Kubernetes costs, from your own OpenCost.",
  favicon: "img/favicon.svg",
  url: process.env.DOCS_URL ?? "https://docs.costinsights.example",
  baseUrl: process.env.DOCS_BASE_URL ?? "/",
  trailingSlash: true,
  onBrokenLinks: "throw",
  onBrokenAnchors: "throw",
  onDuplicateRoutes: "throw",
  markdown: {
    hooks: { onBrokenMarkdownLinks: "throw", onBrokenMarkdownImages: "throw" },
  },
  // The site shows no dates or authors of pages, so a build needs no git history.
  future: { v4: true, faster: true, experimental_vcs: "disabled" },
  customFields: { hasApiReference },
  plugins: [
    [
      "@docusaurus/plugin-content-docs",
      { path: "content", routeBasePath: "/", sidebarPath: "./sidebars.ts", numberPrefixParser: false } satisfies DocsOptions,
    ],
    "@docusaurus/plugin-content-pages",
  ],
  themes: [
    ["@docusaurus/theme-classic", { customCss: "./src/css/site.css" } satisfies ThemeOptions],
    [
      // The index is built with the site and searched in the browser: no service is asked.
      "@easyops-cn/docusaurus-search-local",
      { docsDir: "content", docsRouteBasePath: "/", indexBlog: false, indexPages: false, hashed: true },
    ],
  ],
  themeConfig: {
    colorMode: { respectPrefersColorScheme: true },
    navbar: {
      title: "Cost Insights",
      logo: { alt: "", src: "img/mark.svg" },
      items: [
        { to: "/getting-started/", label: "Documentation", activeBaseRegex: "/(getting|connect|dash|numb|people)" },
        { to: "/api/guide/", label: "API", activeBasePath: "/api/" },
        { to: "/operate/", label: "Operate", activeBasePath: "/operate/" },
        { to: "/adr/", label: "Decisions", activeBasePath: "/adr/" },
      ],
    },
    footer: {
      links: [
        {
          title: "Use it",
          items: [
            { label: "Getting started", to: "/getting-started/" },
            { label: "Connect a cluster", to: "/connect-a-cluster/" },
            { label: "The dashboard", to: "/dashboard/" },
          ],
        },
        {
          title: "Understand it",
          items: [
            { label: "How numbers are made", to: "/numbers/" },
            { label: "API guide", to: "/api/guide/" },
            { label: "Decisions", to: "/adr/" },
          ],
        },
        {
          title: "Run it",
          items: [
            { label: "Operate it", to: "/operate/" },
            { label: "Settings", to: "/operate/settings/" },
            { label: "Database and roles", to: "/operate/database/" },
          ],
        },
      ],
      copyright: "Figures are list-price allocations from OpenCost, not your cloud bill. Apache-2.0.",
    },
    prism: {
      theme: themes.vsLight,
      darkTheme: themes.vsDark,
      additionalLanguages: ["bash", "json", "http", "ini", "sql", "python"],
    },
  } satisfies UserThemeConfig,
};

export default config;
