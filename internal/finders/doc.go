// Package finders reads what systems that look for secrets report, each in its own words,
// and answers in them: GitHub's secret scanning, GitLab's, TruffleHog. What is done about a
// secret is none of its business.
//
// A report that is signed is believed to come from whoever has the key, and what it says of
// a secret is no proof: the secret is. Keys are fetched by who makes [GitHub]; however many
// reports name keys that nobody has, they are fetched once a minute at the most.
package finders
