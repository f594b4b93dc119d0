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
