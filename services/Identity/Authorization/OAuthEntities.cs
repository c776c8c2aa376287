using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using OpenIddict.EntityFrameworkCore.Models;

namespace MedCor.Identity.Authorization;

/// <summary>Represents a client: a program that asks for access.</summary>
[NoPersonalData(IsExported = false)]
internal sealed class OAuthApplication : OpenIddictEntityFrameworkCoreApplication<Guid, OAuthAuthorization, OAuthToken>;

/// <summary>Represents what a user has allowed a client. Its properties name the session that began with it.</summary>
[PersonalData(OnErasure.Delete, nameof(OAuthAuthorization.Subject), IsExported = false)]
internal sealed class OAuthAuthorization : OpenIddictEntityFrameworkCoreAuthorization<Guid, OAuthApplication, OAuthToken>;

/// <summary>Represents a scope that the authorization server keeps in its database. MedCor's scopes follow from the contracts, so there is none.</summary>
[NoPersonalData(IsExported = false)]
internal sealed class OAuthScope : OpenIddictEntityFrameworkCoreScope<Guid>;

/// <summary>Represents an authorization code, a refresh token or the entry of an access token.</summary>
[PersonalData(OnErasure.Delete, nameof(OAuthToken.Subject), IsExported = false)]
internal sealed class OAuthToken : OpenIddictEntityFrameworkCoreToken<Guid, OAuthApplication, OAuthAuthorization>;

internal static class OAuthEntities
{
    /// <summary>Maps the entities to the tables of the migrations.</summary>
    internal static void AddTo(ModelBuilder model)
    {
        model.UseOpenIddict<OAuthApplication, OAuthAuthorization, OAuthScope, OAuthToken, Guid>();
        model.Entity<OAuthApplication>().ToTable("oauth_applications");
        model.Entity<OAuthAuthorization>().ToTable("oauth_authorizations");
        model.Entity<OAuthScope>().ToTable("oauth_scopes");
        model.Entity<OAuthToken>().ToTable("oauth_tokens");
    }
}
