using MedCor.Identity.ServiceAccounts;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace MedCor.Identity.Authorization;

/// <summary>Holds what is known of the service account that a request has authenticated as.</summary>
internal sealed class VerifiedClient
{
    /// <summary>Gets or sets the API key with which it has authenticated; null when it has with a public key.</summary>
    public ApiKey? ApiKey { get; set; }

    /// <summary>Gets or sets the time of issue of its token; null for the current time.</summary>
    public DateTimeOffset? IssuedAt { get; set; }
}

/// <summary>
/// Dates the token of a service account after the last end of all its sessions. Tokens are dated in whole seconds, and one of the same second would be taken
/// for one of those that were ended.
/// </summary>
internal sealed class ServiceAccountTokenDate(VerifiedClient verified) : IOpenIddictServerHandler<GenerateTokenContext>
{
    internal static OpenIddictServerHandlerDescriptor Descriptor { get; } = OpenIddictServerHandlerDescriptor
        .CreateBuilder<GenerateTokenContext>().UseScopedHandler<ServiceAccountTokenDate>()
        .SetOrder(OpenIddictServerHandlers.Protection.AttachSecurityCredentials.Descriptor.Order - 2).Build();

    public ValueTask HandleAsync(GenerateTokenContext context)
    {
        if (verified.IssuedAt is { } issuedAt && context.TokenType is OpenIddictConstants.TokenTypeIdentifiers.AccessToken)
            context.Principal.SetCreationDate(issuedAt);
        return ValueTask.CompletedTask;
    }
}
