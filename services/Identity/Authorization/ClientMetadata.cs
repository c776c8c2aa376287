using System.Net;
using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace MedCor.Identity.Authorization;

/// <summary>Represents what a client says of itself (RFC 7591, section 2). Other members are ignored.</summary>
internal sealed record ClientMetadata(
    string? ClientName = null,
    IReadOnlyList<string>? RedirectUris = null,
    string? TokenEndpointAuthMethod = null,
    IReadOnlyList<string>? GrantTypes = null,
    IReadOnlyList<string>? ResponseTypes = null,
    string? Scope = null)
{
    private const int MaxRedirectUris = 10;
    private const int MaxNameLength = 100;
    private const int MaxUriLength = 2000;

    /// <summary>The schemes that a browser executes or reads itself instead of passing the address to a program.</summary>
    private static readonly string[] RefusedSchemes = ["javascript", "data", "file", "vbscript", "blob", "about", "ftp", "ws", "wss"];

    /// <summary>Gets whether the client cannot keep a secret. RFC 7591 takes a client without a method for one that can.</summary>
    internal bool IsPublic => TokenEndpointAuthMethod is ClientAuthenticationMethods.None;

    /// <summary>Gets the name that users read, of letters that are visible.</summary>
    private string VisibleName => DisplayName.Clean(ClientName, MaxNameLength) is { Length: > 0 } name ? name : "A program without a name";

    internal static string CreateSecret() => Base64UrlEncoder.Encode(RandomNumberGenerator.GetBytes(32));

    /// <summary>Returns why the client cannot be registered, or null.</summary>
    internal (string Code, string Description)? FindError()
    {
        if (new[] { RedirectUris, GrantTypes, ResponseTypes }.Any(list => list?.Any(text => text is null) is true))
            return ("invalid_client_metadata", "redirect_uris, grant_types and response_types must be lists of texts.");
        if (RedirectUris is not { Count: > 0 and <= MaxRedirectUris })
            return ("invalid_redirect_uri", $"redirect_uris must have 1 to {MaxRedirectUris} addresses.");
        if (RedirectUris.FirstOrDefault(uri => FindRedirectError(uri) is not null) is { } refused)
            return ("invalid_redirect_uri", $"redirect_uris: {FindRedirectError(refused)}.");
        if (TokenEndpointAuthMethod is not (null or ClientAuthenticationMethods.None or ClientAuthenticationMethods.ClientSecretBasic
            or ClientAuthenticationMethods.ClientSecretPost))
            return ("invalid_client_metadata", "token_endpoint_auth_method must be none, client_secret_basic or client_secret_post.");
        if (GrantTypes?.Any(grant => grant is not (OpenIddictConstants.GrantTypes.AuthorizationCode or OpenIddictConstants.GrantTypes.RefreshToken)) is true)
            return ("invalid_client_metadata", "grant_types can be authorization_code and refresh_token.");
        if (ResponseTypes?.Any(type => type is not OpenIddictConstants.ResponseTypes.Code) is true)
            return ("invalid_client_metadata", "response_types can be code.");
        return null;
    }

    internal OpenIddictApplicationDescriptor ToApplication(string clientId, string? secret)
    {
        var application = new OpenIddictApplicationDescriptor
        {
            ClientId = clientId,
            ClientSecret = secret,
            ClientType = secret is null ? ClientTypes.Public : ClientTypes.Confidential,
            // Loopback redirects of native applications match with any port (RFC 8252, section 7.3).
            ApplicationType = RedirectUris!.Any(IsLoopback) ? ApplicationTypes.Native : ApplicationTypes.Web,
            ConsentType = ConsentTypes.Explicit,
            DisplayName = VisibleName,
        };
        application.Permissions.UnionWith(
        [
            Permissions.Endpoints.Authorization, Permissions.Endpoints.PushedAuthorization, Permissions.Endpoints.Token, Permissions.Endpoints.Revocation,
            Permissions.GrantTypes.AuthorizationCode, Permissions.GrantTypes.RefreshToken, Permissions.ResponseTypes.Code,
        ]);
        if (secret is not null) application.Permissions.Add(Permissions.Endpoints.Introspection);
        foreach (var uri in RedirectUris!) application.RedirectUris.Add(WithoutLoopbackPort(uri));
        return application;
    }

    internal ClientInformation ToResponse(string clientId, string? secret, DateTimeOffset now) => new(
        ClientId: clientId,
        ClientIdIssuedAt: now.ToUnixTimeSeconds(),
        ClientSecret: secret,
        ClientSecretExpiresAt: secret is null ? null : 0,
        ClientName: VisibleName,
        RedirectUris: RedirectUris!,
        GrantTypes: GrantTypes ?? [OpenIddictConstants.GrantTypes.AuthorizationCode, OpenIddictConstants.GrantTypes.RefreshToken],
        ResponseTypes: ResponseTypes ?? [OpenIddictConstants.ResponseTypes.Code],
        TokenEndpointAuthMethod: TokenEndpointAuthMethod ?? ClientAuthenticationMethods.ClientSecretBasic,
        Scope: Scope);

    private static string? FindRedirectError(string uri)
    {
        if (uri.Length > MaxUriLength || !Uri.TryCreate(uri, UriKind.Absolute, out var address)) return "an address is not an absolute URI";
        if (address.Fragment.Length > 0 || uri.Contains('#', StringComparison.Ordinal)) return "an address has a fragment";
        if (address.UserInfo.Length > 0) return "an address contains a user name";
        if (RefusedSchemes.Contains(address.Scheme, StringComparer.OrdinalIgnoreCase)) return $"the scheme {address.Scheme} is not allowed";
        if (address.Scheme == Uri.UriSchemeHttp && !IsLoopback(uri)) return "http is allowed on a loopback address only";
        return null;
    }

    /// <summary>Returns whether an address is that of a program on the user's computer.</summary>
    internal static bool IsLoopback(string uri) =>
        Uri.TryCreate(uri, UriKind.Absolute, out var address) && address.Scheme == Uri.UriSchemeHttp
            && (address.Host == "localhost" || (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip)));

    private static Uri WithoutLoopbackPort(string uri) => IsLoopback(uri) ? new UriBuilder(uri) { Port = -1 }.Uri : new(uri);
}

/// <summary>Represents the answer to a registration (RFC 7591, section 3.2.1).</summary>
internal sealed record ClientInformation(
    string ClientId,
    long ClientIdIssuedAt,
    string? ClientSecret,
    long? ClientSecretExpiresAt,
    string ClientName,
    IReadOnlyList<string> RedirectUris,
    IReadOnlyList<string> GrantTypes,
    IReadOnlyList<string> ResponseTypes,
    string TokenEndpointAuthMethod,
    string? Scope);
