using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace MedCor.Identity.Authorization;

/// <summary>
/// Writes the issuer as it is configured, without the slash that <see cref="Uri"/> adds to a host: clients compare issuers letter by letter (RFC 8414,
/// section 3.3; RFC 9207, section 2.4).
/// </summary>
internal static class PublicIssuer
{
    internal static IEnumerable<OpenIddictServerHandlerDescriptor> Handlers { get; } =
    [
        OpenIddictServerHandlerDescriptor.CreateBuilder<ApplyConfigurationResponseContext>().UseInlineHandler(context =>
        {
            context.Response[OpenIddictConstants.Metadata.Issuer] = Get(context.Options);
            return ValueTask.CompletedTask;
        }).SetOrder(int.MinValue + 100_000).Build(),
        OpenIddictServerHandlerDescriptor.CreateBuilder<ApplyAuthorizationResponseContext>().UseInlineHandler(context =>
        {
            if (context.Response.Iss is not null) context.Response.Iss = Get(context.Options);
            return ValueTask.CompletedTask;
        }).SetOrder(Authentication.AttachIssuer.Descriptor.Order + 1).Build(),
        OpenIddictServerHandlerDescriptor.CreateBuilder<GenerateTokenContext>().UseInlineHandler(context =>
        {
            if (IsPublic(context.TokenType)) context.Principal.SetClaim(OpenIddictConstants.Claims.Private.Issuer, Get(context.Options));
            return ValueTask.CompletedTask;
        }).SetOrder(Protection.AttachSecurityCredentials.Descriptor.Order - 1).Build(),
        OpenIddictServerHandlerDescriptor.CreateBuilder<ValidateTokenContext>().UseInlineHandler(context =>
        {
            context.TokenValidationParameters.ValidIssuers = [.. context.TokenValidationParameters.ValidIssuers ?? [], Get(context.Options)];
            return ValueTask.CompletedTask;
        }).SetOrder(Protection.ResolveTokenValidationParameters.Descriptor.Order + 2).Build(),
    ];

    /// <summary>Returns whether clients or other services read tokens of a type.</summary>
    internal static bool IsPublic(string tokenType) =>
        tokenType is OpenIddictConstants.TokenTypeIdentifiers.AccessToken or OpenIddictConstants.TokenTypeIdentifiers.IdentityToken;

    internal static string Get(OpenIddictServerOptions options) => options.Issuer!.AbsoluteUri.TrimEnd('/');
}
