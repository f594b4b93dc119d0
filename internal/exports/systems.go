package exports

import (
	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/foreign"
)

// Bounds of a token string, in characters: where its length is not known, no header of a
// usual size is longer.
const (
	leastString = foreign.Shortest
	mostString  = 255
)

// Systems are those whose exports are read, in the order of their names.
func Systems() []System {
	return []System{
		betterAuth(), directus(), gitea(), gitlab(), grafana(), grafanaKeys(),
		knox("knox", "django-rest-knox 5", api.HashSHA512, api.DecodeNone),
		knox("knox-4", "django-rest-knox 4.2 to 4", api.HashSHA512, api.DecodeHex),
		knox("knox-sha3", "django-rest-knox 5 with sha3_512", api.HashSHA3512, api.DecodeNone),
		strapi(), unkey(),
	}
}

// Both count down and end a key that nothing here would end.
const countsDown = "it counts its remaining requests, which nothing here does"

// betterAuth is the table apikey of @better-auth/api-key 1.7.5 and of the plugin before
// it: SHA-256 of the key, in base64url without padding (dist/index.mjs).
func betterAuth() System {
	const sum = 43 // characters of a SHA-256 in base64url
	return System{
		Name: "better-auth", Title: "better-auth",
		format: api.ImportFormat{MinLength: leastString, MaxLength: mostString, Alphabet: api.AlphabetBase64URL, Hash: api.HashSHA256},
		behind: behind{leastString, mostString, api.AlphabetBase64URL},
		columns: columns{
			hash: "key", start: "?start", label: "?name", user: "?userId,referenceId", id: "?id", rights: "?permissions", created: "?createdAt", expires: "expiresAt",
		},
		rules: []rule{
			{column: "enabled", when: isOff, left: "it is disabled"},
			{column: "remaining", when: isSet, left: countsDown},
			{column: "key", when: func(s string) bool { return len(s) != sum }, wrong: "the column key holds no SHA-256 in base64url; with disableKeyHashing or a hasher of your own it cannot be read"},
		},
	}
}

// directus is the table directus_users, whose column token holds the static token of a
// user as it is.
func directus() System {
	return System{
		Name: "directus", Title: "Directus",
		Warn:   "Directus keeps tokens as they are: the export holds live secrets. They are hashed here, and the hashes alone are sent; delete the file afterwards",
		format: api.ImportFormat{MinLength: leastString, MaxLength: mostString, Alphabet: api.AlphabetPrintable, Hash: api.HashSHA256},
		columns: columns{
			hash: "token", plain: true, user: "?id", id: "?id",
		},
		rules: []rule{
			{column: "token", when: isEmpty, left: "the user has no token"},
			{column: "status", when: func(s string) bool { return s != "active" }, left: "the user is not active"},
			{column: "token", when: func(s string) bool { return len(s) < leastString || len(s) > mostString }, wrong: "the token has fewer than 16 characters, or more than 255"},
			{column: "token", when: unprintable, wrong: "the token holds a character that no header carries"},
		},
	}
}

func unprintable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return true
		}
	}
	return false
}

// pbkdf2 are the parameters that Gitea and Grafana both have: PBKDF2 with HMAC-SHA-256,
// 10,000 rounds, 50 bytes (go-gitea/gitea models/auth/access_token.go @0837d1b,
// grafana/grafana pkg/util/encoding.go).
func pbkdf2(f api.ImportFormat) api.ImportFormat {
	f.Hash, f.Iterations, f.Length = api.HashPBKDF2, 10_000, 50
	return f
}

// gitea is the table access_token, of Forgejo too: 40 hex digits, and a salt beside each
// hash.
func gitea() System {
	return System{
		Name: "gitea", Title: "Gitea",
		format: pbkdf2(api.ImportFormat{
			MinLength: 40, MaxLength: 40, Alphabet: api.AlphabetHex, Salt: api.SaltItem, Hint: &api.Part{Take: 8, FromEnd: true},
		}),
		columns: columns{
			hash: "token_hash", salt: "token_salt", hint: "token_last_eight", label: "?name", user: "?uid", id: "?id", rights: "?scope", created: "?created_unix",
		},
	}
}

// gitlab is the table personal_access_tokens, which has project and group access tokens
// too: SHA-256 of the token and the first 32 bytes of db_key_base, in base64
// (gitlabhq lib/gitlab/crypto_helper.rb, app/models/personal_access_token.rb). Routable
// tokens have dots.
func gitlab() System {
	return System{
		Name: "gitlab", Title: "GitLab", Secret: "db_key_base", put: gitlabKey,
		format: api.ImportFormat{Prefix: "glpat-", MinLength: 26, MaxLength: mostString, Alphabet: api.AlphabetPrintable, Hash: api.HashSHA256},
		behind: behind{20, mostString, api.AlphabetPrintable},
		columns: columns{
			hash: "token_digest", label: "?name", user: "?user_id", id: "?id", rights: "?scopes", created: "?created_at", expires: "expires_at",
		},
		rules: []rule{
			{column: "revoked", when: isOn, left: "it is revoked"},
			{column: "token_digest", when: isEmpty, wrong: "it has no digest: GitLab kept it encrypted, before version 12"},
		},
	}
}

// grafana is the table api_key where it has tokens of service accounts: the 32 characters
// in the middle of glsa_SECRET_CRC32 are hashed, with the CRC as salt
// (pkg/components/satokengen/tokengen.go @3ba4aa6, pkg/services/apikey/model.go @0391ff7).
func grafana() System {
	return System{
		Name: "grafana", Title: "Grafana",
		format: pbkdf2(api.ImportFormat{
			Prefix: "glsa_", MinLength: 46, MaxLength: 46, Alphabet: api.AlphabetBase64URL,
			Part: &api.Part{Skip: 5, Take: 32}, Salt: api.SaltToken, SaltPart: &api.Part{Take: 8, FromEnd: true},
		}),
		columns: columns{
			hash: "key", label: "?name", user: "service_account_id", id: "?id", rights: "?role", created: "?created", expires: "expires",
		},
		rules: []rule{
			{column: "is_revoked", when: isOn, left: "it is revoked"},
			{column: "service_account_id", when: isEmpty, left: "it is an API key of before service accounts; read those with grafana-api-keys"},
		},
	}
}

// grafanaKeys is the same table where it has API keys of before service accounts: base64
// of {"k":SECRET,"n":NAME,"id":ORG}, of which k is hashed with n as salt
// (pkg/components/apikeygen/apikeygen.go @0391ff7). The prefix is what {"k":" becomes.
func grafanaKeys() System {
	return System{
		Name: "grafana-api-keys", Title: "Grafana's old API keys",
		format: pbkdf2(api.ImportFormat{
			Prefix: "eyJrIjoi", MinLength: 76, MaxLength: mostString, Alphabet: api.AlphabetPrintable, Decode: api.DecodeGrafanaAPIKey,
		}),
		columns: columns{
			hash: "key", label: "?name", id: "?id", rights: "?role", created: "?created", expires: "expires",
		},
		rules: []rule{{column: "is_revoked", when: isOn, left: "it is revoked"}},
	}
}

// knox is the table knox_authtoken. What is hashed changed with the versions and is no
// column (jazzband/django-rest-knox knox/crypto.py @22d787e and its history).
func knox(name, title, hash, decode string) System {
	s := System{
		Name: name, Title: title,
		format: api.ImportFormat{MinLength: 64, MaxLength: 64, Alphabet: api.AlphabetHex, Hash: hash, Decode: decode},
		behind: behind{64, 64, api.AlphabetHex},
		columns: columns{
			hash: "digest", start: "?token_key", shown: 8, user: "?user_id", created: "?created", expires: "expiry,expires",
		},
		rules: []rule{{column: "?salt", when: isSet, wrong: "it has a salt: how versions before 4.2 hashed is not read"}},
	}
	if decode == api.DecodeHex {
		s.behind = behind{} // a prefix is no hex
	}
	return s
}

// strapi is the table strapi_api_tokens: an HMAC-SHA-512 in hex under API_TOKEN_SALT, of
// 256 hex digits (packages/core/admin/server/src/services/api-token.ts @02c20b2).
func strapi() System {
	return System{
		Name: "strapi", Title: "Strapi", Secret: "API_TOKEN_SALT", put: hmacKey,
		format: api.ImportFormat{MinLength: 256, MaxLength: 256, Alphabet: api.AlphabetHex, Hash: api.HashHMACSHA512},
		columns: columns{
			hash: "access_key", label: "?name", id: "?id", rights: "?type", created: "?created_at", expires: "expires_at",
		},
		rules: []rule{{column: "?kind", when: func(s string) bool { return s == "admin" }, left: "it opens Strapi's own administration"}},
	}
}

// unkey is the table keys: SHA-256 of the whole key, prefix and all, in base64
// (unkeyed/unkey internal/services/keys/create.go @24976fd, pkg/db/schema.sql @00c113c).
func unkey() System {
	return System{
		Name: "unkey", Title: "Unkey",
		format: api.ImportFormat{MinLength: leastString, MaxLength: mostString, Alphabet: api.AlphabetPrintable, Hash: api.HashSHA256},
		behind: behind{leastString, mostString, api.AlphabetBase58},
		columns: columns{
			hash: "hash", start: "?start", label: "?name", user: "?owner_id,identity_id", id: "?id", created: "?created_at_m", expires: "expires",
		},
		rules: []rule{
			{column: "deleted_at_m", when: isSet, left: "it is deleted"},
			{column: "enabled", when: isOff, left: "it is disabled"},
			{column: "remaining_requests", when: isSet, left: countsDown},
			{column: "?pending_migration_id", when: isSet, left: "it is hashed as another system did, until its first use in Unkey"},
		},
	}
}
