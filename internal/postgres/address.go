package postgres

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// connectAlone bounds how long the one host of an address may take.
	connectAlone = 10 * time.Second
	// connectIn bounds how long one host of the address may take: the next one is
	// tried after that. pgx's own bound is none.
	connectIn = time.Second
)

// AddressError says what is wrong with the address of a database. It does not show it,
// since that may hold a password.
type AddressError struct{ text string }

// Error says what to write instead.
func (e *AddressError) Error() string { return e.text }

// severalHosts says whether there is another host to try; one host may be tried twice,
// with TLS and without.
func severalHosts(c *pgx.ConnConfig) bool {
	return slices.ContainsFunc(c.Fallbacks, func(f *pgconn.FallbackConfig) bool { return f.Host != c.Host || f.Port != c.Port })
}

// configOf reads the address. What it sets itself is left alone.
func configOf(address string, wait time.Duration) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		// pgx's error may show the password.
		return nil, refusedf("the database address cannot be read; it is postgres://USER:PASSWORD@HOST:PORT/NAME?OPTION=VALUE")
	}
	mode := config.ConnConfig.DefaultQueryExecMode
	if mode == pgx.QueryExecModeSimpleProtocol {
		return nil, refusedf("default_query_exec_mode=simple_protocol writes values into statements and is not supported")
	}
	if mode == pgx.QueryExecModeDescribeExec {
		return nil, refusedf("default_query_exec_mode=describe_exec runs other clients' statements behind a pooler and is not supported")
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = connectAlone
		if severalHosts(config.ConnConfig) {
			config.ConnConfig.ConnectTimeout = connectIn
		}
	}
	params := config.ConnConfig.RuntimeParams
	fold(params)
	for name, value := range map[string]string{
		"application_name":                    "tokenry",
		"statement_timeout":                   "30s",
		"lock_timeout":                        strconv.FormatInt(wait.Milliseconds(), 10),
		"idle_in_transaction_session_timeout": "60s",
	} {
		if _, ok := params[name]; !ok {
			params[name] = value
		}
	}
	maps.Copy(params, relied())
	config.ConnConfig.OnNotice = hearNotices
	return config, nil
}

// fold writes the names of settings in small letters: TimeZone is timezone to the server,
// which takes the last of two that it is told, in no order that anybody chose.
func fold(params map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(params)) {
		small := strings.ToLower(name)
		if small == name {
			continue
		}
		if _, both := params[small]; !both {
			params[small] = params[name]
		}
		delete(params, name)
	}
}

// relied are the settings of a session that the statements of the store, the
// migrations and the drivers' formats are written for. They are set whatever the
// server, the database, the role or the address says. That a database may only be
// read is somebody's wish and stays.
func relied() map[string]string {
	return map[string]string{
		"standard_conforming_strings":    "on", // LIKE … ESCAPE '\'
		"client_encoding":                "UTF8",
		"bytea_output":                   "hex",
		"datestyle":                      "ISO, YMD", // goose keeps timestamps
		"intervalstyle":                  "postgres",
		"timezone":                       "UTC",
		"extra_float_digits":             "1",
		"transform_null_equals":          "off",
		"default_transaction_isolation":  "read committed",
		"default_transaction_deferrable": "off",
		"client_min_messages":            "notice", // a wait for a standby that was broken off is told so
		"idle_session_timeout":           "0",
	}
}

func refusedf(format string, args ...any) error { return &AddressError{fmt.Sprintf(format, args...)} }
