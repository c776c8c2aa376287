using System.Text.Json.Nodes;
using MedCor.Contracts.Identity;
using MedCor.Gateway.OpenApi;
using Microsoft.OpenApi;

namespace MedCor.Gateway.Endpoints;

/// <summary>
/// Describes the operations that log in, refresh a session, change the hospital and log out, and those that return the public keys and the discovery document.
/// </summary>
internal static class AccountOperations
{
    /// <param name="example">The example of the body; null for the example of the record.</param>
    public static IEndpointConventionBuilder DescribeLogIn(this IEndpointConventionBuilder endpoint, JsonObject? example) =>
        endpoint.DescribeSession<LogIn, SessionTokens>(
            "log_in", "Log in",
            "Creates a session and returns an access token, a refresh token and the user. The error is the same whether the e-mail address or the password is "
            + "wrong. A user with a second factor sends a code as well. Repeated failures lock the address for an increasing time.",
            example: example);

    public static IEndpointConventionBuilder DescribeRefreshSession(this IEndpointConventionBuilder endpoint) =>
        endpoint.DescribeSession<RefreshSession, SessionTokens>(
            "refresh_session", "Refresh a session",
            "Exchanges a refresh token for new tokens. A refresh token can be used once; using it a second time ends the whole session.");

    public static IEndpointConventionBuilder DescribeSwitchHospital(this IEndpointConventionBuilder endpoint) => endpoint.Describe(
        "switch_hospital", ApiTags.Accounts, "Open another hospital",
        "Creates a session at another hospital that the login opens, one of `user.hospitals`, by the rules of that hospital. It needs the access token of a "
        + "login, whose session goes on.", components =>
        {
            var (request, response) = (components.ReferenceInput(typeof(SwitchHospital)), components.ReferenceOutput(typeof(SessionTokens)));
            return new()
            {
                Body = request,
                BodyExamples = new() { ["demo"] = OperationDetails.Example(ExampleValues.ForAllFields(request, components)) },
                ResponseContents = OperationDetails.Json(response, ExampleValues.ForResponse(response, components)),
                AuthenticatesAtService = true,
                ErrorStatuses = [StatusCodes.Status401Unauthorized, StatusCodes.Status403Forbidden, StatusCodes.Status404NotFound],
            };
        });

    public static IEndpointConventionBuilder DescribeLogOut(this IEndpointConventionBuilder endpoint) => endpoint.DescribeSession<LogOut, LoggedOut>(
        "log_out", "Log out",
        "Ends the session of the access token or the refresh token. The tokens of the session become invalid within seconds.", bodyIsOptional: true);

    public static IEndpointConventionBuilder DescribeRequestReset(this IEndpointConventionBuilder endpoint) => endpoint.Describe(
        "request_password_reset", ApiTags.Accounts, "Request a password reset",
        "Sends a mail with a link that sets a new password, if anybody has the address. The response does not tell.", components =>
        {
            var request = components.ReferenceInput(typeof(RequestPasswordReset));
            return new()
            {
                Body = request,
                BodyExamples = new() { ["demo"] = OperationDetails.Example(ExampleValues.ForAllFields(request, components)) },
                Status = StatusCodes.Status202Accepted,
                ResponseDescription = "The request was accepted.",
            };
        });

    public static IEndpointConventionBuilder DescribeSetPassword(this IEndpointConventionBuilder endpoint) => endpoint.Describe(
        "set_password", ApiTags.Accounts, "Set a password",
        "Sets a new password with the token of the link in a mail, or replaces a temporary password with the address and that password. It ends all sessions "
        + "of the user. Replacing a temporary password logs the user in.", components =>
        {
            var (request, response) = (components.ReferenceInput(typeof(SetPassword)), components.ReferenceOutput(typeof(SessionTokens)));
            return new()
            {
                Body = request,
                BodyExamples = new()
                {
                    ["link"] = OperationDetails.Example(
                        new JsonObject { ["token"] = "8Q2sPpXkq1bO0c5mJ7v3Zg", ["password"] = "Green-Meadow-2026" }, "The link in a mail"),
                    ["temporary"] = OperationDetails.Example(
                        new JsonObject { ["email"] = "patient@general.example", ["password"] = "Blue-River-2026", ["new_password"] = "Green-Meadow-2026" },
                        "A temporary password"),
                },
                ResponseDescription = "A temporary password was replaced, and the user is logged in.",
                ResponseContents = OperationDetails.Json(response, ExampleValues.ForResponse(response, components)),
                OtherResponses = new() { [StatusCodes.Status204NoContent] = new("The password was set with a token.") },
                // Identity returns it for wrong credentials in the body.
                ErrorStatuses = [StatusCodes.Status401Unauthorized],
            };
        });

    public static IEndpointConventionBuilder DescribeSigningKeys(this IEndpointConventionBuilder endpoint) => endpoint.Describe(
        "get_signing_keys", ApiTags.Accounts, "Get the signing keys",
        "Returns the public keys that verify access tokens, as a JSON Web Key Set (RFC 7517). Keys are rotated: request the set again when a token names an "
        + "unknown key.",
        _ => new()
        {
            ResponseDescription = "The signing keys.",
            ResponseContents = OperationDetails.Json(
                SchemaBuilder.Object("A JSON Web Key Set.", ("keys", SchemaBuilder.ArrayOf(SchemaBuilder.Object("An elliptic-curve key.",
                    ("kty", SchemaBuilder.EnumOf(null, "EC")), ("use", SchemaBuilder.EnumOf(null, "sig")), ("alg", SchemaBuilder.EnumOf(null, "ES256")),
                    ("crv", SchemaBuilder.EnumOf(null, "P-256")), ("kid", SchemaBuilder.Text(128, "The key ID, which tokens name in their header.")),
                    ("x", SchemaBuilder.Text(64)), ("y", SchemaBuilder.Text(64))), 20))),
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
        "discover", ApiTags.Accounts, "Get the discovery document",
        "Returns the metadata of the authorization server, as defined by OpenID Connect Discovery 1.0 and RFC 8414.",
        _ => new()
        {
            ResponseDescription = "The discovery document.",
            ResponseContents = OperationDetails.Json(
                SchemaBuilder.AnyObject("The metadata, with more members than the example has."),
                new JsonObject
                {
                    ["issuer"] = "http://localhost:8002",
                    ["authorization_endpoint"] = "http://localhost:8002/oauth/authorize",
                    ["token_endpoint"] = "http://localhost:8002/oauth/token",
                    ["registration_endpoint"] = "http://localhost:8002/oauth/register",
                    ["jwks_uri"] = "http://localhost:8002/.well-known/jwks.json",
                    ["response_types_supported"] = new JsonArray("code"),
                    ["code_challenge_methods_supported"] = new JsonArray("S256"),
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
                    ["demo"] = OperationDetails.Example(
                        example ?? ExampleValues.ForAllFields(request, components), example is null ? null : "A patient of the demo data"),
                },
                ResponseContents = OperationDetails.Json(response, ExampleValues.ForResponse(response, components)),
                // Identity returns it for wrong credentials in the body.
                ErrorStatuses = [StatusCodes.Status401Unauthorized],
            };
        });
}
