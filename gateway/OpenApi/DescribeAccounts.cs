using System.Text.Json.Nodes;
using MedCor.Contracts.Identity;

namespace MedCor.Gateway.OpenApi;

/// <summary>Logging in and out, and the public keys by which tokens are checked.</summary>
internal static class DescribeAccounts
{
    public const string Tag = "Accounts";

    public static IEnumerable<Operation> All(Components components)
    {
        yield return Session<LogIn, SessionTokens>(components, "login", "log_in", "Log in",
            "Answers an access token, a refresh token and who you are. Whether the address or the password is wrong is told apart by nothing; after repeated failures the account is locked for a growing time.");
        yield return Session<RefreshSession, SessionTokens>(components, "refresh", "refresh_session", "Exchange a refresh token",
            "Answers new tokens. The old refresh token is spent; if it comes a second time, the whole session ends.");
        yield return Session<LogOut, LoggedOut>(components, "logout", "log_out", "Log out",
            "Ends the session that the access token or the refresh token belongs to. Its tokens stop working within seconds.") with
        { BodyIsOptional = true };

        yield return new("/.well-known/jwks.json", "get", "get_signing_keys", Tag, "The public keys that tokens are signed with", "A JSON Web Key Set (RFC 7517). Keys are rotated: fetch it again when a token names one that is not known.")
        {
            IsOpen = true,
            Answers = "The keys.",
            Answer = Shape.Object("A JSON Web Key Set.", ("keys", Shape.List(Shape.Object("An elliptic-curve key.",
                ("kty", Shape.Choice(null, "EC")), ("use", Shape.Choice(null, "sig")), ("alg", Shape.Choice(null, "ES256")), ("crv", Shape.Choice(null, "P-256")),
                ("kid", Shape.Text(128, "Names the key, as tokens do.")), ("x", Shape.Text(64)), ("y", Shape.Text(64))), 20))),
            AnswerExample = new JsonObject
            {
                ["keys"] = new JsonArray(new JsonObject
                {
                    ["kty"] = "EC", ["use"] = "sig", ["alg"] = "ES256", ["crv"] = "P-256", ["kid"] = "01980a3c5d2e7b41",
                    ["x"] = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", ["y"] = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
                }),
            },
            Refused = [429, 500, 503],
        };
        yield return new("/.well-known/openid-configuration", "get", "discover", Tag, "Where to find what", "OpenID Connect Discovery 1.0, as far as it applies.")
        {
            IsOpen = true,
            Answers = "The addresses.",
            Answer = Shape.Object("What there is and where.",
                ("issuer", Shape.Text(200, "What tokens have as iss.")), ("jwks_uri", Shape.Address()), ("token_endpoint", Shape.Address()),
                ("id_token_signing_alg_values_supported", Words()), ("subject_types_supported", Words()), ("response_types_supported", Words())),
            AnswerExample = new JsonObject
            {
                ["issuer"] = "medcor",
                ["jwks_uri"] = "http://localhost:8002/.well-known/jwks.json",
                ["token_endpoint"] = "http://localhost:8002/api/auth/login/",
                ["id_token_signing_alg_values_supported"] = new JsonArray("ES256"),
                ["subject_types_supported"] = new JsonArray("public"),
                ["response_types_supported"] = new JsonArray("token"),
            },
            Refused = [429, 500, 503],
        };
    }

    private static Operation Session<TAsked, TAnswer>(Components components, string path, string id, string summary, string description)
    {
        var (asked, answer) = (components.Input(typeof(TAsked)), components.Output(typeof(TAnswer)));
        return new($"/api/auth/{path}", "post", id, Tag, summary, description)
        {
            IsOpen = true,
            Body = asked,
            BodyExamples = new() { ["demo"] = new JsonObject { ["summary"] = "Somebody of the demo data", ["value"] = Example.Fullest(asked, components) } },
            Answer = answer,
            AnswerExample = Example.Answer(answer, components),
            Refused = [400, 401, 408, 413, 415, 429, 500, 503],
        };
    }

    private static JsonObject Words() => Shape.List(Shape.Text(40), 20);
}
