import Link from "@docusaurus/Link";
import useBaseUrl from "@docusaurus/useBaseUrl";
import Layout from "@theme/Layout";
import ThemedImage from "@theme/ThemedImage";
import type { ReactNode } from "react";
import styles from "./index.module.css";

const PROMISES: { title: string; text: string; glyph: ReactNode }[] = [
  {
    title: "Numbers that always add up",
    text: "Money is counted in whole micro-units, not floats. At every drill level, in the page, the CSV and the API, the rows sum to the total to the last digit, and the page prints the check.",
    glyph: <path d="M18 16v2a1 1 0 0 1-1 1H6l6-7-6-7h11a1 1 0 0 1 1 1v2" />,
  },
  {
    title: "Honest about what is missing",
    text: "A component that OpenCost could not price is unknown, never zero. Each cluster says how old its data are, and when one is down you see its last good answer, marked as such.",
    glyph: (
      <>
        <circle cx="12" cy="12" r="9" />
        <path d="M12 7v5l3 3" />
      </>
    ),
  },
  {
    title: "A wall between tenants",
    text: "Each tenant has a schema and a database role of its own. A stale path, a raw cursor or a missing table is an error of the database, never another tenant's rows.",
    glyph: (
      <>
        <rect x="3" y="4" width="18" height="16" rx="2" />
        <path d="M3 9.3h18M3 14.6h18M9 4v5.3M15 9.3v5.3M9 14.6V20" />
      </>
    ),
  },
];

const COMPONENTS = ["CPU", "RAM", "GPU", "Volumes", "Network", "Load balancer", "Shared", "External"];

const DOORS: { to: string; title: string; text: string }[] = [
  {
    to: "/connect-a-cluster/",
    title: "Connect a cluster",
    text: "Put OpenCost behind a gateway, give its address, and read what each test step says.",
  },
  {
    to: "/dashboard/",
    title: "Read the dashboard",
    text: "Every number on the page, the query bar, drill-down, idle, and the five empty states.",
  },
  {
    to: "/api/guide/",
    title: "Call the API",
    text: "Tokens, windows, filters, problem details, with commands to paste.",
  },
  {
    to: "/operate/",
    title: "Run it yourself",
    text: "Settings, database roles, web, worker and beat, and what to watch.",
  },
];

function Hero(): ReactNode {
  return (
    <header className={styles.hero}>
      <div className={styles.inner}>
        <div className={styles.lead}>
          <p className={styles.kicker}>Kubernetes costs over OpenCost</p>
          <h1>See what Kubernetes costs, down to the pod.</h1>
          <p>
            Connect each cluster's OpenCost and read what namespaces, workloads and labels cost now,
            how much lies idle and how well the rest is used.
          </p>
          <div className={styles.actions}>
            <Link className={styles.primary} to="/getting-started/">
              Get started
            </Link>
            <Link className={styles.secondary} to="/numbers/">
              How numbers are made
            </Link>
          </div>
        </div>
        <div className={styles.shot}>
          <div className={styles.bar} aria-hidden="true">
            <i />
            <i />
            <i />
            <span>acme.localhost:8000</span>
          </div>
          <div className={styles.crop}>
            <ThemedImage
              alt="The overview of the demo tenant acme: four figures, a doughnut of shares, stacked bars by namespace and the cost table."
              sources={{
                light: useBaseUrl("/img/screens/overview.png"),
                dark: useBaseUrl("/img/screens/overview-dark.png"),
              }}
            />
          </div>
        </div>
      </div>
    </header>
  );
}

export default function Home(): ReactNode {
  return (
    <Layout description="What Kubernetes costs, from your own OpenCost: current costs that always add up, per tenant.">
      <Hero />
      <main>
        <section className={styles.section}>
          <div className={styles.inner}>
            <h2>Figures you can put in front of finance</h2>
            <p className={styles.intro}>
              OpenCost knows what every container used and what its node's list price is. Cost
              Insights makes one consistent set of numbers of that and shows how each came about.
            </p>
            <div className={styles.cards}>
              {PROMISES.map((promise) => (
                <article className={styles.card} key={promise.title}>
                  <span className={styles.glyph}>
                    <svg viewBox="0 0 24 24" aria-hidden="true">
                      {promise.glyph}
                    </svg>
                  </span>
                  <h3>{promise.title}</h3>
                  <p>{promise.text}</p>
                </article>
              ))}
            </div>
          </div>
        </section>
        <section className={styles.section}>
          <div className={styles.inner}>
            <h2>One total, eight components, no remainder</h2>
            <p className={styles.intro}>
              Each amount is converted once, when OpenCost's answer is read. Everything after that is
              integer addition, so the order of adding does not matter.
            </p>
            <ul className={styles.sum}>
              {COMPONENTS.map((name, index) => [
                index > 0 && (
                  <li className={styles.sign} key={`${name}+`}>
                    +
                  </li>
                ),
                <li key={name}>{name}</li>,
              ])}
              <li className={styles.sign}>=</li>
              <li className={styles.total}>Total</li>
            </ul>
          </div>
        </section>
        <section className={styles.section}>
          <div className={`${styles.inner} ${styles.start}`}>
            <div>
              <h2>One command to look at it</h2>
              <p>
                Python 3.11, make and git are enough. Postgres, Valkey, Node and a demo OpenCost with
                three tenants come along, run below the checkout, and stop with Ctrl-C.
              </p>
              <Link to="/getting-started/">Getting started →</Link>
            </div>
            <pre className={styles.terminal}>
              <b>$</b> make demo{"\n"}
              <em># open http://acme.localhost:8000</em>
              {"\n"}
              <em># sign in as owner@acme.test, demo-password</em>
            </pre>
          </div>
        </section>
        <section className={styles.section}>
          <div className={styles.inner}>
            <div className={styles.cards}>
              {DOORS.map((door) => (
                <article className={styles.card} key={door.to}>
                  <h3>
                    <Link to={door.to}>{door.title}</Link>
                  </h3>
                  <p>{door.text}</p>
                </article>
              ))}
            </div>
          </div>
        </section>
      </main>
    </Layout>
  );
}
