package api

import (
	"fmt"
	"log/slog"
)

// What is sent to be looked at holds secrets too: see hide.

type (
	plainLeakedToken       LeakedToken
	plainGitHubFind        GitHubFind
	plainGitLabFind        GitLabFind
	plainIntrospectRequest IntrospectRequest
	plainRevokeRequest     RevokeRequest
	plainTokenReviewSpec   TokenReviewSpec
	plainLookupTokens      LookupTokens
	plainExplainRequest    ExplainRequest
	plainCreateMember      CreateMember
	plainImportFormat      ImportFormat
)

func (l LeakedToken) plain() plainLeakedToken {
	hide(&l.Token)
	return plainLeakedToken(l)
}

func (g GitHubFind) plain() plainGitHubFind {
	hide(&g.Token)
	return plainGitHubFind(g)
}

func (g GitLabFind) plain() plainGitLabFind {
	hide(&g.Token)
	return plainGitLabFind(g)
}

func (r IntrospectRequest) plain() plainIntrospectRequest {
	hide(&r.Token)
	hide(&r.ClientSecret)
	return plainIntrospectRequest(r)
}

func (r RevokeRequest) plain() plainRevokeRequest {
	hide(&r.Token)
	hide(&r.ClientSecret)
	return plainRevokeRequest(r)
}

func (s TokenReviewSpec) plain() plainTokenReviewSpec {
	hide(&s.Token)
	return plainTokenReviewSpec(s)
}

func (l LookupTokens) plain() plainLookupTokens {
	hide(&l.Text)
	return plainLookupTokens(l)
}

func (r ExplainRequest) plain() plainExplainRequest {
	hide(&r.Token)
	return plainExplainRequest(r)
}

func (m CreateMember) plain() plainCreateMember {
	hide(&m.Password)
	return plainCreateMember(m)
}

func (i ImportFormat) plain() plainImportFormat {
	hide(&i.Key)
	hide(&i.Suffix)
	return plainImportFormat(i)
}

// Format prints all but the token.
func (l LeakedToken) Format(f fmt.State, verb rune) { format(f, verb, l.plain()) }

// LogValue tells slog all but the token.
func (l LeakedToken) LogValue() slog.Value { return slog.AnyValue(l.plain()) }

// Format prints all but the token.
func (g GitHubFind) Format(f fmt.State, verb rune) { format(f, verb, g.plain()) }

// LogValue tells slog all but the token.
func (g GitHubFind) LogValue() slog.Value { return slog.AnyValue(g.plain()) }

// Format prints all but the token.
func (g GitLabFind) Format(f fmt.State, verb rune) { format(f, verb, g.plain()) }

// LogValue tells slog all but the token.
func (g GitLabFind) LogValue() slog.Value { return slog.AnyValue(g.plain()) }

// Format prints all but the tokens.
func (r IntrospectRequest) Format(f fmt.State, verb rune) { format(f, verb, r.plain()) }

// LogValue tells slog all but the tokens.
func (r IntrospectRequest) LogValue() slog.Value { return slog.AnyValue(r.plain()) }

// Format prints all but the tokens.
func (r RevokeRequest) Format(f fmt.State, verb rune) { format(f, verb, r.plain()) }

// LogValue tells slog all but the tokens.
func (r RevokeRequest) LogValue() slog.Value { return slog.AnyValue(r.plain()) }

// Format prints all but the token.
func (s TokenReviewSpec) Format(f fmt.State, verb rune) { format(f, verb, s.plain()) }

// LogValue tells slog all but the token.
func (s TokenReviewSpec) LogValue() slog.Value { return slog.AnyValue(s.plain()) }

// Format prints all but the text.
func (l LookupTokens) Format(f fmt.State, verb rune) { format(f, verb, l.plain()) }

// LogValue tells slog all but the text.
func (l LookupTokens) LogValue() slog.Value { return slog.AnyValue(l.plain()) }

// Format prints all but the token.
func (r ExplainRequest) Format(f fmt.State, verb rune) { format(f, verb, r.plain()) }

// LogValue tells slog all but the token.
func (r ExplainRequest) LogValue() slog.Value { return slog.AnyValue(r.plain()) }

// Format prints all but the password.
func (m CreateMember) Format(f fmt.State, verb rune) { format(f, verb, m.plain()) }

// LogValue tells slog all but the password.
func (m CreateMember) LogValue() slog.Value { return slog.AnyValue(m.plain()) }

// Format prints all but what is secret of the other system.
func (i ImportFormat) Format(f fmt.State, verb rune) { format(f, verb, i.plain()) }

// LogValue tells slog all but what is secret of the other system.
func (i ImportFormat) LogValue() slog.Value { return slog.AnyValue(i.plain()) }
