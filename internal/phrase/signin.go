package phrase

// WaysIn says how a person signs in: by a password, and at which providers.
func WaysIn(password bool, providers []string) string {
	var out []string
	if password {
		out = append(out, "a password")
	}
	for _, p := range providers {
		out = append(out, "single sign-on by "+p)
	}
	if len(out) == 0 {
		return "No way yet: they have chosen no password"
	}
	return "With " + Listed(out, 5)
}

// Factors say which second factors a person has, by their kinds.
func Factors(kinds []string) string {
	if len(kinds) == 0 {
		return "None"
	}
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = Named(map[string]string{"totp": "authenticator app", "passkey": "passkey"}[k], k)
	}
	return Sentence(Listed(names, 5))
}

// Newcomers says what becomes of people who come through an identity provider for the first
// time; empty is what the settings leave out.
func Newcomers(workspace, role, claim string) string {
	if workspace == "" {
		return "need an invitation"
	}
	out := "become members of " + workspace
	if role != "" {
		out += ", with the role " + role
	}
	if claim != "" {
		out += ", or one that the claim " + claim + " gives"
	}
	return out
}
