namespace MedCor.Identity.Federation;

/// <summary>Represents what an identity provider has said of a person, in an ID token that was verified.</summary>
/// <param name="Subject">The name that the provider never gives to anybody else.</param>
/// <param name="Email">The e-mail address; null unless the provider has verified it.</param>
/// <param name="RoleValues">The values of the role claim.</param>
/// <param name="Methods">How the person has logged in, as in <see cref="SecondFactors.AuthenticationMethods"/>.</param>
/// <param name="AuthenticatedAt">When the person has logged in at the provider.</param>
internal sealed record ProviderIdentity(
    string Subject, string? Email, string? GivenName, string? FamilyName, IReadOnlyList<string> RoleValues, string Methods, DateTimeOffset AuthenticatedAt);
