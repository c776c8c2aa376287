using System.Text.Json.Nodes;
using MedCor.Contracts.Identity;
using MedCor.Gateway.OpenApi;
using Microsoft.OpenApi;

namespace MedCor.Gateway.Endpoints;

/// <summary>Describes the operations for logging in, refreshing a session and logging out, and for reading the public keys that verify tokens.</summary>
internal static class AccountOperations
{
    /// <param name="example">The example of the body; null for the one of its record.</param>
    public static IEndpointConventionBuilder DescribeLogIn(this IEndpointConventionBuilder endpoint, JsonObject? example) =>
        endpoint.DescribeSession<LogIn, SessionTokens>(
            "log_in", "Log in",
            "Answers an access token, a refresh token and who you are. Whether the address or the password is wrong is told apart by nothing; after repeated "
            + "failures the account is locked for a growing time.",
            example: example);

    public static IEndpointConventionBuilder DescribeRefreshSession(this IEndpointConventionBuilder endpoint) =>
        endpoint.DescribeSession<RefreshSession, SessionTokens>(
            "refresh_session", "Exchange a refresh token",
            "Answers new tokens. The old refresh token is spent; if it comes a second time, the whole session ends.");

    public static IEndpointConventionBuilder DescribeLogOut(this IEndpointConventionBuilder endpoint) => endpoint.DescribeSession<LogOut, LoggedOut>(
        "log_out", "Log out",
        "Ends the session that the access token or the refresh token belongs to. Its tokens stop working within seconds.", bodyIsOptional: true);

    public static IEndpointConventionBuilder DescribeSigningKeys(this IEndpointConventionBuilder endpoint) => endpoint.Describe(
        "get_signing_keys", ApiTags.Accounts, "The public keys that tokens are signed with",
        "A JSON Web Key Set (RFC 7517). Keys are rotated: fetch it again when a token names one that is not known.", _ => new()
        {
            ResponseDescription = "The keys.",
            ResponseContents = OperationDetails.Json(
                SchemaBuilder.Object("A JSON Web Key Set.", ("keys", SchemaBuilder.ArrayOf(SchemaBuilder.Object("An elliptic-curve key.",
                    ("kty", SchemaBuilder.EnumOf(null, "EC")), ("use", SchemaBuilder.EnumOf(null, "sig")), ("alg", SchemaBuilder.EnumOf(null, "ES256")),
                    ("crv", SchemaBuilder.EnumOf(null, "P-256")),
                    ("kid", SchemaBuilder.Text(128, "Names the key, as tokens do.")), ("x", SchemaBuilder.Text(64)), ("y", SchemaBuilder.Text(64))), 20))),
                new JsonObject
                {
                    ["keys"] = new JsonArray(new JsonObject
                    {
                        ["kty"] = "EC", ["use"] = "sig", ["alg"] = "ES256", ["crv"] = "P-256", ["kid"] = "01980a3c5d2e7b41",
                        ["x"] = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", ["y"] = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
                    }),
                }),
        });

    public static IEndpointConventionBuilder DescribeDiscovery(this IEndpointConventionBuilder endpoint) => endpoint.Describe(
        "discover", ApiTags.Accounts, "Where to find what", "OpenID Connect Discovery 1.0, as far as it applies.",
        _ => new()
        {
            ResponseDescription = "The addresses.",
            ResponseContents = OperationDetails.Json(
                SchemaBuilder.Object("What there is and where.",
                    ("issuer", SchemaBuilder.Text(200, "What tokens have as iss.")), ("jwks_uri", SchemaBuilder.Uri()), ("token_endpoint", SchemaBuilder.Uri()),
                    ("id_token_signing_alg_values_supported", Words()), ("subject_types_supported", Words()), ("response_types_supported", Words())),
                new JsonObject
                {
                    ["issuer"] = "medcor",
                    ["jwks_uri"] = "http://localhost:8002/.well-known/jwks.json",
                    ["token_endpoint"] = "http://localhost:8002/api/auth/login/",
                    ["id_token_signing_alg_values_supported"] = new JsonArray("ES256"),
                    ["subject_types_supported"] = new JsonArray("public"),
                    ["response_types_supported"] = new JsonArray("token"),
                }),
        });

    private static IEndpointConventionBuilder DescribeSession<TRequest, TResponse>(
        this IEndpointConventionBuilder endpoint, string id, string summary, string description, bool bodyIsOptional = false, JsonObject? example = null) =>
        endpoint.Describe(id, ApiTags.Accounts, summary, description, components =>
        {
            var (request, response) = (components.ReferenceInput(typeof(TRequest)), components.ReferenceOutput(typeof(TResponse)));
            return new()
            {
                Body = request,
                BodyIsOptional = bodyIsOptional,
                BodyExamples = new()
                {
                    ["demo"] = OperationDetails.Example(example ?? ExampleValues.ForAllFields(request, components),
                        example is null ? null : "Somebody of the demo data")
                },
                ResponseContents = OperationDetails.Json(response, ExampleValues.ForResponse(response, components)),
                // Identity checks the credentials, which are in the body.
                ErrorStatuses = [StatusCodes.Status401Unauthorized],
            };
        });

    private static JsonObject Words() => SchemaBuilder.ArrayOf(SchemaBuilder.Text(40), 20);
}
