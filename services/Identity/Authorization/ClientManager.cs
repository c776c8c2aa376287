using Microsoft.Extensions.Options;
using OpenIddict.Abstractions;
using OpenIddict.Core;

namespace MedCor.Identity.Authorization;

/// <summary>Finds clients. A client ID with a character that PostgreSQL cannot store is nobody's.</summary>
internal sealed class ClientManager(IOpenIddictApplicationCache<OAuthApplication> cache, ILogger<OpenIddictApplicationManager<OAuthApplication>> log,
    IOptionsMonitor<OpenIddictCoreOptions> options, IOpenIddictApplicationStore<OAuthApplication> store)
    : OpenIddictApplicationManager<OAuthApplication>(cache, log, options, store)
{
    public override ValueTask<OAuthApplication?> FindByClientIdAsync(string identifier, CancellationToken cancellationToken = default) =>
        identifier.Contains('\0', StringComparison.Ordinal) ? default : base.FindByClientIdAsync(identifier, cancellationToken);
}
