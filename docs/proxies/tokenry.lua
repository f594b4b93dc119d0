-- The HAProxy action lua.tokenry URL: asks Tokenry whether a request may pass.
-- haproxy.cfg shows its use.
--
-- A request that may pass gets Tokenry's headers and the variable
-- txn.tokenry_passed; any other is answered as Tokenry answered it. Without an
-- answer it is refused with 503.

-- Milliseconds that one try may take; HAProxy 2.6 tries up to five times.
local timeout = 1000

-- What Tokenry says about who asks. It sends every one of them, also empty.
local identity = {
	"tokenry-token-id", "tokenry-principal", "tokenry-principal-type", "tokenry-external-id",
	"tokenry-workspace", "tokenry-scopes", "tokenry-expires-at",
}

-- What of a refusal goes to the client.
local refusal = {
	"content-type", "www-authenticate", "retry-after", "ratelimit", "ratelimit-policy", "cache-control",
}

-- lines are the values of a header, which HAProxy counts from 0.
local function lines(headers, name)
	local out = {}
	local values = headers[name]
	local i = 0
	while values and values[i] do
		out[#out + 1] = values[i]
		i = i + 1
	end
	return out
end

-- question is what Tokenry is told: the credentials as they came, so that it
-- sees when there are two, and what HAProxy itself knows of the request.
local function question(txn)
	local sent = txn.http:req_get_headers()
	local q = {
		["x-forwarded-for"] = { txn.f:src() },
		["x-forwarded-method"] = { txn.f:method() },
		["x-forwarded-uri"] = { txn.f:pathq() },
	}
	for _, name in ipairs({ "authorization", "user-agent" }) do
		local values = lines(sent, name)
		if #values > 0 then q[name] = values end
	end
	return q
end

local function refuse(txn, status, headers, body)
	local reply = txn:reply({ status = status })
	for _, name in ipairs(refusal) do
		for _, value in ipairs(lines(headers, name)) do
			reply:add_header(name, value)
		end
	end
	if body and txn.f:method() ~= "HEAD" then reply:set_body(body) end
	txn:done(reply)
end

local function tokenry(txn, url)
	local asked, res = pcall(function()
		return core.httpclient():get({ url = url, headers = question(txn), timeout = timeout })
	end)
	if not asked or not res or not res.status or res.status < 200 then
		return refuse(txn, 503, { ["retry-after"] = { [0] = "1" } })
	end
	if res.status ~= 200 then
		return refuse(txn, res.status < 400 and 503 or res.status, res.headers, res.body)
	end
	for _, name in ipairs(identity) do
		txn.http:req_set_header(name, lines(res.headers, name)[1] or "")
	end
	txn:set_var("txn.tokenry_passed", true)
end

core.register_action("tokenry", { "http-req" }, tokenry, 1)
