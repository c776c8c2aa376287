using System.Text.Json.Nodes;
using MedCor.Contracts.Identity;

namespace MedCor.Gateway.OpenApi;

/// <summary>Describes the operations for logging in, refreshing a session and logging out, and for reading the public keys that verify tokens.</summary>
internal static class AccountOperations
{
    public const string Tag = "Accounts";

    public static IEnumerable<ApiOperation> All(ComponentRegistry components)
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
            IsPublic = true,
            ResponseDescription = "The keys.",
            ResponseSchema = SchemaBuilder.Object("A JSON Web Key Set.", ("keys", SchemaBuilder.ArrayOf(SchemaBuilder.Object("An elliptic-curve key.",
                ("kty", SchemaBuilder.EnumOf(null, "EC")), ("use", SchemaBuilder.EnumOf(null, "sig")), ("alg", SchemaBuilder.EnumOf(null, "ES256")), ("crv", SchemaBuilder.EnumOf(null, "P-256")),
                ("kid", SchemaBuilder.Text(128, "Names the key, as tokens do.")), ("x", SchemaBuilder.Text(64)), ("y", SchemaBuilder.Text(64))), 20))),
            ResponseExample = new JsonObject
            {
                ["keys"] = new JsonArray(new JsonObject
                {
                    ["kty"] = "EC", ["use"] = "sig", ["alg"] = "ES256", ["crv"] = "P-256", ["kid"] = "01980a3c5d2e7b41",
                    ["x"] = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", ["y"] = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
                }),
            },
            ErrorStatuses = [429, 500, 503],
        };
        yield return new("/.well-known/openid-configuration", "get", "discover", Tag, "Where to find what", "OpenID Connect Discovery 1.0, as far as it applies.")
        {
            IsPublic = true,
            ResponseDescription = "The addresses.",
            ResponseSchema = SchemaBuilder.Object("What there is and where.",
                ("issuer", SchemaBuilder.Text(200, "What tokens have as iss.")), ("jwks_uri", SchemaBuilder.Uri()), ("token_endpoint", SchemaBuilder.Uri()),
                ("id_token_signing_alg_values_supported", Words()), ("subject_types_supported", Words()), ("response_types_supported", Words())),
            ResponseExample = new JsonObject
            {
                ["issuer"] = "medcor",
                ["jwks_uri"] = "http://localhost:8002/.well-known/jwks.json",
                ["token_endpoint"] = "http://localhost:8002/api/auth/login/",
                ["id_token_signing_alg_values_supported"] = new JsonArray("ES256"),
                ["subject_types_supported"] = new JsonArray("public"),
                ["response_types_supported"] = new JsonArray("token"),
            },
            ErrorStatuses = [429, 500, 503],
        };
    }

    private static ApiOperation Session<TAsked, TAnswer>(ComponentRegistry components, string path, string id, string summary, string description)
    {
        var (asked, answer) = (components.ReferenceInput(typeof(TAsked)), components.ReferenceOutput(typeof(TAnswer)));
        return new($"/api/auth/{path}", "post", id, Tag, summary, description)
        {
            IsPublic = true,
            Body = asked,
            BodyExamples = new() { ["demo"] = new JsonObject { ["summary"] = "Somebody of the demo data", ["value"] = ExampleValues.ForAllFields(asked, components) } },
            ResponseSchema = answer,
            ResponseExample = ExampleValues.ForResponse(answer, components),
            ErrorStatuses = [400, 401, 408, 413, 415, 429, 500, 503],
        };
    }

    private static JsonObject Words() => SchemaBuilder.ArrayOf(SchemaBuilder.Text(40), 20);
}
