package exports_test

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/base64"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/exports"
)

// now is when every export of these tests is read.
func now() time.Time { return time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC) }

// vector is an invented token of a system, and the row that it would have kept of it.
type vector struct {
	system, secret string
	// token is the string, hash what the system keeps, by its own recipe.
	token, hash string
	// columns are those that must be there, and then those that may; row are their cells.
	must, may string
	row       []string
	// want is what it becomes, without its hash.
	want api.ImportToken
	// ended are cells in place of those of the row that say that it ended there, and why.
	ended map[string]string
}

const (
	someHex   = "4b1f0d2c9e8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c"
	gitlabKey = "an invented db_key_base, of which 32 bytes count and the rest does not"
	strapiKey = "an invented salt=="
)

func label(s string, meta map[string]any) api.CreateToken {
	var t api.CreateToken
	t.Label, t.Metadata = api.Some(s), api.Some(api.Metadata(meta))
	return t
}

func expiring(t api.CreateToken, at time.Time) api.CreateToken {
	t.ExpiresAt = api.Some(at)
	return t
}

func derived(t *testing.T, secret, salt string) string {
	t.Helper()
	sum, err := pbkdf2.Key(sha256.New, secret, []byte(salt), 10_000, 50)
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(sum)
}

func sum256(s string) []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}

// vectors has one for each system.
func vectors(t *testing.T) []vector {
	t.Helper()
	return slices.Concat(vectorsOfForges(t), vectorsOfGrafana(t), vectorsOfKeys(), vectorsOfKnox())
}

func vectorsOfForges(t *testing.T) []vector {
	t.Helper()
	made, end := time.Date(2025, 6, 1, 8, 0, 0, 0, time.UTC), time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)
	pat := "glpat-" + "Inv3nted_-tok3nstr1ng"
	strapi := strings.Repeat("0123456789abcdef", 16)
	mac := hmac.New(sha512.New, []byte(strapiKey))
	mac.Write([]byte(strapi))
	return []vector{
		{
			system: "gitea", token: someHex, hash: derived(t, someHex, "Salt567890"),
			must: "token_hash,token_salt,token_last_eight", may: "id,uid,name,scope,created_unix,updated_unix",
			row: []string{derived(t, someHex, "Salt567890"), "Salt567890", "7f6a5b4c", "7", "3", "ci\tpush", "write:repository,read:user", "1748764800", "1748764800"},
			want: api.ImportToken{
				Salt: "Salt567890", Hint: "7f6a5b4c", CreatedAt: api.Some(made),
				CreateToken: label("ci push", map[string]any{"source_id": "7", "source_user": "3", "source_rights": "write:repository,read:user"}),
			},
		},
		{
			system: "gitlab", secret: gitlabKey, token: pat, hash: base64.StdEncoding.EncodeToString(sum256(pat + gitlabKey[:32])),
			must: "token_digest,expires_at,revoked", may: "id,user_id,name,created_at,scopes,impersonation",
			row: []string{base64.StdEncoding.EncodeToString(sum256(pat + gitlabKey[:32])), "2027-01-31", "f", "41", "12", "deploy", "2025-06-01 08:00:00+00", "---\n- api\n- read_user\n", "f"},
			want: api.ImportToken{
				CreatedAt:   api.Some(made),
				CreateToken: expiring(label("deploy", map[string]any{"source_id": "41", "source_user": "12", "source_rights": "api read_user"}), end),
			},
			ended: map[string]string{"revoked=t": "it is revoked", "revoked=perhaps": "it is revoked", "expires_at=2026-11-30": "it has expired"},
		},
		{
			system: "strapi", secret: strapiKey, token: strapi, hash: hex.EncodeToString(mac.Sum(nil)),
			must: "access_key,expires_at", may: "id,name,type,created_at,kind,encrypted_key",
			row: []string{hex.EncodeToString(mac.Sum(nil)), "1801353600000", "2", "site", "read-only", "1748764800000", "content-api", "not read"},
			want: api.ImportToken{
				CreatedAt:   api.Some(made),
				CreateToken: expiring(label("site", map[string]any{"source_id": "2", "source_rights": "read-only"}), end),
			},
			ended: map[string]string{"kind=admin": "it opens Strapi's own administration", "expires_at=1700000000000": "it has expired"},
		},
	}
}

func vectorsOfGrafana(t *testing.T) []vector {
	t.Helper()
	end := time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)
	secret := "Inv3ntedInv3ntedInv3ntedInv3nted"
	crc := crc32.ChecksumIEEE([]byte("glsa_" + secret))
	tail := hex.EncodeToString([]byte{byte(crc), byte(crc >> 8), byte(crc >> 16), byte(crc >> 24)})
	old, err := json.Marshal(struct {
		K  string `json:"k"`
		N  string `json:"n"`
		ID int    `json:"id"`
	}{secret, "old key", 1})
	if err != nil {
		t.Fatal(err)
	}
	return []vector{
		{
			system: "grafana", token: "glsa_" + secret + "_" + tail, hash: derived(t, secret, tail),
			must: "key,service_account_id,expires,is_revoked", may: "id,org_id,name,role",
			row: []string{derived(t, secret, tail), "9", "1801353600", "0", "4", "1", "sa-1-extern", "Viewer"},
			want: api.ImportToken{
				CreateToken: expiring(label("sa-1-extern", map[string]any{"source_id": "4", "source_user": "9", "source_rights": "Viewer"}), end),
			},
			ended: map[string]string{
				"is_revoked=1": "it is revoked", "expires=1": "it has expired",
				"service_account_id=": "it is an API key of before service accounts; read those with grafana-api-keys",
			},
		},
		{
			system: "grafana-api-keys", token: base64.StdEncoding.EncodeToString(old), hash: derived(t, secret, "old key"),
			must: "key,expires,is_revoked", may: "name,role",
			row:   []string{derived(t, secret, "old key"), "", "", "old key", "Editor"},
			want:  api.ImportToken{CreateToken: label("old key", map[string]any{"source_rights": "Editor"})},
			ended: map[string]string{"is_revoked=true": "it is revoked"},
		},
	}
}

func vectorsOfKeys() []vector {
	made, end := time.Date(2025, 6, 1, 8, 0, 0, 0, time.UTC), time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)
	unkey, better, direct := "acme_3ZqVtYwP8mKjHs", "acme_InventedInventedInventedInvented", "Inv3nted-static-token"
	return []vector{
		{
			system: "unkey", token: unkey, hash: base64.StdEncoding.EncodeToString(sum256(unkey)),
			must: "hash,expires,deleted_at_m,enabled,remaining_requests", may: "id,start,name,owner_id,identity_id,created_at_m,pending_migration_id",
			row: []string{base64.StdEncoding.EncodeToString(sum256(unkey)), "2027-01-31 00:00:00.000", "", "1", "", "key_1", "acme_3ZqV", "", "", "id_9", "1748764800000", ""},
			want: api.ImportToken{
				Start: "acme_3ZqV", CreatedAt: api.Some(made),
				CreateToken: expiring(label("Unkey token of user id_9", map[string]any{"source_id": "key_1", "source_user": "id_9"}), end),
			},
			ended: map[string]string{
				"deleted_at_m=1748764800000": "it is deleted", "enabled=0": "it is disabled", "remaining_requests=100": "it counts its remaining requests, which nothing here does",
				"pending_migration_id=m_1": "it is hashed as another system did, until its first use in Unkey",
			},
		},
		{
			system: "better-auth", token: better, hash: base64.RawURLEncoding.EncodeToString(sum256(better)),
			must: "key,expiresAt,enabled,remaining", may: "id,start,name,userId,permissions,createdAt",
			row: []string{base64.RawURLEncoding.EncodeToString(sum256(better)), "2027-01-31T00:00:00.000Z", "true", "", "k1", "acme_I", "bot", "u1", "", "2025-06-01T08:00:00.000Z"},
			want: api.ImportToken{
				Start: "acme_I", CreatedAt: api.Some(made),
				CreateToken: expiring(label("bot", map[string]any{"source_id": "k1", "source_user": "u1"}), end),
			},
			ended: map[string]string{"enabled=false": "it is disabled", "remaining=0": "it counts its remaining requests, which nothing here does"},
		},
		{
			system: "directus", token: direct, hash: hex.EncodeToString(sum256(direct)),
			must: "token,status", may: "id,email",
			row: []string{direct, "active", "u-1", "ada@example.com"},
			want: api.ImportToken{
				Start: "Inv3", CreateToken: label("Directus token of user u-1", map[string]any{"source_id": "u-1", "source_user": "u-1"}),
			},
			ended: map[string]string{"token=": "the user has no token", "status=suspended": "the user is not active"},
		},
	}
}

func vectorsOfKnox() []vector {
	token := someHex + someHex[:24]
	raw, _ := hex.DecodeString(token)
	text, bytes, other := sha512.Sum512([]byte(token)), sha512.Sum512(raw), sha3.Sum512([]byte(token))
	var out []vector
	for name, sum := range map[string][64]byte{"knox": text, "knox-4": bytes, "knox-sha3": other} {
		s, _ := exports.Find(name)
		out = append(out, vector{
			system: name, token: token, hash: hex.EncodeToString(sum[:]),
			must: "digest,expiry", may: "token_key,user_id,created",
			row: []string{hex.EncodeToString(sum[:]), "", token[:15], "5", "2025-06-01 08:00:00+02:00"},
			want: api.ImportToken{
				Start: token[:8], CreatedAt: api.Some(time.Date(2025, 6, 1, 6, 0, 0, 0, time.UTC)),
				CreateToken: label(s.Title+" token of user 5", map[string]any{"source_user": "5"}),
			},
			ended: map[string]string{"expiry=2026-11-30 11:59:59+00": "it has expired"},
		})
	}
	return out
}

// columns are all that a row has.
func (v vector) columns() []string { return strings.Split(v.must+","+v.may, ",") }

// with is the row with other cells, each COLUMN=CELL.
func (v vector) with(changes ...string) []string {
	row := slices.Clone(v.row)
	for _, c := range changes {
		column, cell, _ := strings.Cut(c, "=")
		row[slices.Index(v.columns(), column)] = cell
	}
	return row
}

// asCSV is a table as psql and sqlite3 write it.
func asCSV(head []string, rows ...[]string) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.WriteAll(append([][]string{head}, rows...))
	return b.String()
}

// asTabs is a table as mysql --batch writes it.
func asTabs(head []string, rows ...[]string) string {
	out := strings.Join(head, "\t") + "\n"
	for _, row := range rows {
		cells := slices.Clone(row)
		for i, c := range cells {
			if cells[i] = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\t", `\t`).Replace(c); c == "" {
				cells[i] = "NULL"
			}
		}
		out += strings.Join(cells, "\t") + "\n"
	}
	return out
}

// asLines are rows as JSON objects; an empty cell is null, a digit a number.
func asLines(head []string, rows ...[]string) string {
	var b strings.Builder
	for _, row := range rows {
		m := map[string]any{}
		for i, name := range head {
			switch {
			case row[i] == "":
				m[name] = nil
			case len(row[i]) == 1 && row[i] >= "0" && row[i] <= "9":
				m[name] = json.Number(row[i])
			default:
				m[name] = row[i]
			}
		}
		text, _ := json.Marshal(m)
		b.Write(append(text, '\n'))
	}
	return b.String()
}

// asList are the same in a list, as sqlite3 -json writes it.
func asList(head []string, rows ...[]string) string {
	return "[" + strings.ReplaceAll(strings.TrimSpace(asLines(head, rows...)), "\n", ",\n") + "]\n"
}

// wish is what a vector is read by.
func (v vector) wish(t *testing.T) exports.Wish {
	t.Helper()
	s, ok := exports.Find(v.system)
	if !ok {
		t.Fatalf("no system is called %s", v.system)
	}
	return exports.Wish{System: &s, Secret: v.secret, Now: now()}
}

// read reads an export to its end.
func read(text string, w exports.Wish) ([]exports.Row, error) {
	e, err := exports.Open(strings.NewReader(text), w)
	if err != nil {
		return nil, err
	}
	var rows []exports.Row
	for row, err := range e.Rows() {
		if err != nil {
			return rows, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// TestEverySystemIsRead: what each keeps of an invented token, by its own recipe, becomes
// that hash with that label, user and end, whichever way the table was written.
func TestEverySystemIsRead(t *testing.T) {
	t.Parallel()
	told := exports.Names()
	for _, v := range vectors(t) {
		told = slices.DeleteFunc(told, func(s string) bool { return s == v.system })
		want := v.want
		want.Hash = v.hash
		for how, write := range map[string]func([]string, ...[]string) string{"csv": asCSV, "tabs": asTabs, "lines": asLines, "list": asList} {
			rows, err := read(write(v.columns(), v.row, v.row), v.wish(t))
			if err != nil || len(rows) != 2 || rows[0].Token == nil {
				t.Fatalf("%s as %s: %+v, %v", v.system, how, rows, err)
			}
			if d := cmp.Diff(want, *rows[1].Token); d != "" {
				t.Errorf("%s as %s: %s", v.system, how, d)
			}
		}
	}
	if len(told) > 0 {
		t.Errorf("nothing proves how %v hash", told)
	}
}

// TestWhatEndedThereIsLeftOut: with the reason, and for what cannot be made out too.
func TestWhatEndedThereIsLeftOut(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t) {
		for change, why := range v.ended {
			rows, err := read(asCSV(v.columns(), v.with(change)), v.wish(t))
			if err != nil || len(rows) != 1 || rows[0].Left != why || rows[0].Token != nil {
				t.Errorf("%s with %s: %+v, %v", v.system, change, rows, err)
			}
		}
	}
}

// TestAnExportWithoutAColumnThatEndsTokensIsRefused: every column that must be there is
// missed, by its name; the others are not.
func TestAnExportWithoutAColumnThatEndsTokensIsRefused(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t) {
		for i, column := range v.columns() {
			head, row := slices.Delete(v.columns(), i, i+1), slices.Delete(slices.Clone(v.row), i, i+1)
			must := slices.Contains(strings.Split(v.must, ","), column)
			for how, text := range map[string]string{"csv": asCSV(head, row), "lines": asLines(head, row)} {
				_, err := read(text, v.wish(t))
				if missed := err != nil && strings.Contains(err.Error(), "the column "+column+" is missing"); missed != must {
					t.Errorf("%s as %s without %s: %v", v.system, how, column, err)
				}
			}
		}
	}
}

// TestWhatCannotBeReadIsToldWithoutItsSecret: a row is wrong for a reason that repeats
// neither its hash nor its string.
func TestWhatCannotBeReadIsToldWithoutItsSecret(t *testing.T) {
	t.Parallel()
	wrong := map[string]map[string]string{
		"better-auth": {"key=acme_InventedInventedInventedInvented": "disableKeyHashing", "createdAt=yesterday": "createdAt is no time", "key=": "disableKeyHashing"},
		"directus":    {"token=short-secret": "fewer than 16", "token=Inv3nted static token": "no header carries"},
		"gitlab":      {"token_digest=": "before version 12", "expires_at=31.01.2027": "expires_at is no time"},
		"gitea":       {"token_hash=": "it has no hash", "name=\xff": "is not UTF-8"},
		"knox-4":      {"expiry=infinity": "expiry is no time"},
	}
	for _, v := range vectors(t) {
		for change, why := range wrong[v.system] {
			rows, err := read(asCSV(v.columns(), v.with(change)), v.wish(t))
			if err != nil || len(rows) != 1 || !strings.Contains(rows[0].Wrong, why) || rows[0].Line != 2 {
				t.Errorf("%s with %q: %+v, %v", v.system, change, rows, err)
				continue
			}
			_, cell, _ := strings.Cut(change, "=")
			for _, secret := range []string{v.hash, v.token, cell} {
				if secret != "" && strings.Contains(rows[0].Wrong, secret) {
					t.Errorf("%s repeats what it read: %s", v.system, rows[0].Wrong)
				}
			}
		}
	}
	rows, err := read(asCSV([]string{"digest", "expiry", "salt"}, []string{"00", "", "abc"}), vector{system: "knox"}.wish(t))
	if err != nil || len(rows) != 1 || !strings.Contains(rows[0].Wrong, "before 4.2") {
		t.Errorf("knox with a salt: %+v, %v", rows, err)
	}
}

// TestFormatsAreOfTheirStrings: each vector's string has the shape that its format says.
func TestFormatsAreOfTheirStrings(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t) {
		s, _ := exports.Find(v.system)
		f, err := s.Format("", "", v.secret)
		if err != nil || f.Name != v.system || !strings.HasPrefix(v.token, f.Prefix) || len(v.token) < f.MinLength || len(v.token) > f.MaxLength {
			t.Errorf("%s: %+v has no place for a string of %d, %v", v.system, f, len(v.token), err)
		}
	}
}

// TestAFormatOfOnesOwnPrefixAndName: where the system lets everybody choose, and nowhere
// else.
func TestAFormatOfOnesOwnPrefixAndName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"unkey": "acme_ 21 255 base58", "better-auth": "acme_ 21 255 base64url", "gitlab": "acme_ 25 255 printable", "knox": "acme_ 69 69 hex",
		"gitea": "", "grafana": "", "grafana-api-keys": "", "strapi": "", "directus": "", "knox-4": "",
	} {
		s, _ := exports.Find(name)
		f, err := s.Format("mine", "acme_", map[string]string{"gitlab": gitlabKey, "strapi": strapiKey}[name])
		got := fmt.Sprintf("%s %d %d %s", f.Prefix, f.MinLength, f.MaxLength, f.Alphabet)
		if (err == nil) != (want != "") || want != "" && (got != want || f.Name != "mine") {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

// TestASecretIsTakenWhereOneIsHashedAlong: and asked for there by its name.
func TestASecretIsTakenWhereOneIsHashedAlong(t *testing.T) {
	t.Parallel()
	for _, s := range exports.Systems() {
		_, without := s.Format("", "", "")
		f, with := s.Format("", "", gitlabKey)
		switch needs := s.Name == "gitlab" || s.Name == "strapi"; {
		case needs != (without != nil), needs != (with == nil), needs != (s.Secret != ""):
			t.Errorf("%s: without %v, with %v", s.Name, without, with)
		case needs && !strings.Contains(without.Error(), s.Secret):
			t.Errorf("%s asks for %q", s.Name, without)
		case s.Name == "gitlab" && f.Suffix != gitlabKey[:32]:
			t.Errorf("GitLab appends %q", f.Suffix)
		}
	}
	gitlab, _ := exports.Find("gitlab")
	if _, err := gitlab.Format("", "", "much too short"); err == nil || strings.Contains(err.Error(), "much too short") {
		t.Errorf("a short db_key_base: %v", err)
	}
}
