using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace MedCor.Identity.Authorization;

/// <summary>
/// Accepts a client assertion (RFC 7523, <c>private_key_jwt</c>) once, and only one that says within a bounded time until when it is good: so long its
/// <c>jti</c> is remembered. OpenIddict verifies everything else.
/// </summary>
internal sealed class ClientAssertions(IdentityDb db, TimeProvider clock) : IOpenIddictServerHandler<ProcessAuthenticationContext>
{
    /// <summary>The longest time for which an assertion is good.</summary>
    internal static readonly TimeSpan MaxLifetime = TimeSpan.FromHours(1);

    private const int MaxIdLength = 255;

    internal static OpenIddictServerHandlerDescriptor Descriptor { get; } = OpenIddictServerHandlerDescriptor
        .CreateBuilder<ProcessAuthenticationContext>().UseScopedHandler<ClientAssertions>()
        .SetOrder(OpenIddictServerHandlers.ValidateClientAssertionIssuer.Descriptor.Order + 1).Build();

    public async ValueTask HandleAsync(ProcessAuthenticationContext context)
    {
        if (context.ClientAssertionPrincipal is not { } assertion) return;
        var now = clock.GetUtcNow();
        if (assertion.GetExpirationDate() is not { } expiresAt || expiresAt > now + MaxLifetime
            || assertion.GetClaim(Claims.JwtId) is not { Length: > 0 and <= MaxIdLength } id)
        {
            context.Reject(Errors.InvalidClient, "The client assertion needs a jti, and an exp of at most an hour ahead.");
            return;
        }
        if (!await db.TryUseOnceAsync($"{assertion.GetClaim(Claims.Subject)}\n{id}", expiresAt, context.CancellationToken))
            context.Reject(Errors.InvalidClient, "The client assertion was used before. Create one for each request.");
    }
}

/// <summary>
/// Accepts client assertions of no declared type, which RFC 7523 does not ask for and few programs declare, besides those of the type
/// <c>client-authentication+jwt</c> that OpenIddict requires. Tokens of another declared type stay refused.
/// </summary>
internal sealed class ClientAssertionTypes : IOpenIddictServerHandler<ValidateTokenContext>
{
    private const string Declared = "client-authentication+jwt";
    private const string MediaTypePrefix = "application/";

    internal static OpenIddictServerHandlerDescriptor Descriptor { get; } = OpenIddictServerHandlerDescriptor
        .CreateBuilder<ValidateTokenContext>().UseSingletonHandler<ClientAssertionTypes>()
        .SetOrder(OpenIddictServerHandlers.Protection.ResolveTokenValidationParameters.Descriptor.Order + 1).Build();

    public ValueTask HandleAsync(ValidateTokenContext context)
    {
        if (context.ValidTokenTypes.Contains(TokenTypeIdentifiers.Private.ClientAssertion))
            context.TokenValidationParameters.TypeValidator = (type, _, _) => IsAccepted(type) ? Declared : throw new SecurityTokenInvalidTypeException();
        return ValueTask.CompletedTask;
    }

    private static bool IsAccepted(string? type)
    {
        if (type?.StartsWith(MediaTypePrefix, StringComparison.OrdinalIgnoreCase) == true) type = type[MediaTypePrefix.Length..];
        return string.IsNullOrEmpty(type) || type.Equals("JWT", StringComparison.OrdinalIgnoreCase)
            || type.Equals(Declared, StringComparison.OrdinalIgnoreCase);
    }
}
