package demo

import (
	"slices"

	"github.com/tokenry/tokenry/api"
)

// deed is something that happened in the sample past, so many days ago.
type deed struct {
	ago int
	do  func()
}

// past lets everything that befell the sample tokens happen in its order, as the
// audit tells it: they are made, used, and meet their fates.
func (s *sampler) past() {
	tokens := sampleTokens()
	ids := map[string]string{}
	s.secrets = map[string]string{}
	var deeds []deed
	for _, t := range tokens {
		deeds = append(deeds, deed{t.made, func() { s.secrets[t.label], ids[t.label] = s.token(t) }})
		if t.fate != "" {
			deeds = append(deeds, deed{t.fateAt, func() { s.fate(t, ids[t.label]) }})
		}
	}
	for day := range usedDays {
		deeds = append(deeds, deed{day, func() { s.use(day) }})
	}
	slices.SortStableFunc(deeds, func(a, b deed) int { return b.ago - a.ago })
	for _, d := range deeds {
		s.clock.daysAgo(d.ago)
		d.do()
	}
}

// usedDays is for how many days the sample tokens have been in use.
const usedDays = 14

// habit is how a sample token is used on a day.
type habit struct {
	label, scope, resource string
	ip, agent, path        string
	times                  func(day int) int
}

func habits() []habit {
	on := func(days ...int) func(int) int {
		return func(day int) int {
			if slices.Contains(days, day) {
				return 2
			}
			return 0
		}
	}
	return []habit{
		{"CI deploys", "tickets:write", "payments", "198.51.100.20", "GitHub-Actions/2.3", "/v1/tickets", func(day int) int { return 12 + day*7%9 }},
		{"CI deploys", "tickets:write", "website", "198.51.100.20", "GitHub-Actions/2.3", "/v1/sites", on(8)},
		{"Help desk integration", "tickets:read", "website", "203.0.113.40", "helpdesk/3.2", "/v1/tickets", func(day int) int { return 7 + day*5%6 }},
		{"Help desk integration", "users:write", "website", "203.0.113.40", "helpdesk/3.2", "/v1/users", on(1, 6, 7)},
		{"Status page", "tickets:read", "website", "192.0.2.80", "status/1.0", "/v1/tickets", func(int) int { return 4 }},
		{"Maria's laptop", "assets:read", "ledger", "198.51.100.77", "curl/8.14.1", "/v1/assets", on(2, 5, 9, 12)},
		{"Tom's old laptop", "tickets:read", "payments", "198.51.100.91", "curl/8.14.1", "/v1/tickets", on(3, 10)},
	}
}

// use asks about the sample tokens as a product's API does on one day.
func (s *sampler) use(day int) {
	var asked []api.VerifyRequest
	for _, h := range habits() {
		for range h.times(day) {
			asked = append(asked, api.VerifyRequest{Token: s.secrets[h.label], Scopes: []string{h.scope}, Resource: h.resource,
				Client: &api.Client{IP: h.ip, Method: "GET", Path: h.path, UserAgent: h.agent}})
		}
	}
	s.note(only(s.c.VerifyBatch(s.ctx, asked)))
}
