using MedCor.Identity.ServiceAccounts;

namespace MedCor.Identity.Authorization;

/// <summary>Holds what is known of the service account that a request has authenticated as.</summary>
internal sealed class VerifiedClient
{
    /// <summary>Gets or sets the API key with which it has authenticated; null when it has with a public key.</summary>
    public ApiKey? ApiKey { get; set; }
}
