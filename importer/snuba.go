package importer

// Snuba is the name of Sentry's migration tool. Its migrations are Python, which
// skein does not read. Its table is adopted: skein's is laid out as Snuba's with
// more columns, so that they are added, and its rows stay. Package state does that.
const Snuba = "snuba"
