using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using OpenIddict.Abstractions;

namespace MedCor.Identity.Authorization;

/// <summary>Keeps the clients whose ID is the address of their document as rows like those of registered clients, and current.</summary>
/// <remarks>A document is fetched when a user is to be asked, and so never by a request for tokens.</remarks>
internal sealed class DocumentedClients(IdentityDb db, ClientDocuments documents, IHttpContextAccessor http, TimeProvider clock)
{
    private const string ExpiryProperty = "document_expires_at";

    /// <summary>Gets the host of a document that could not be used in this request; null when there was none.</summary>
    internal string? FailedHost { get; private set; }

    /// <summary>Returns a client ID's address; null when the client ID is none, and while documents are not read.</summary>
    internal Uri? FindAddress(string clientId) => documents.FindAddress(clientId);

    /// <summary>Returns the client of a document; null when the document cannot be used.</summary>
    /// <param name="known">The client as it was stored; null when it was not.</param>
    internal async Task<OAuthApplication?> RefreshAsync(ClientManager clients, Uri address, OAuthApplication? known, CancellationToken ct)
    {
        if (http.HttpContext?.Request.Path.Value is not (AuthorizationServer.AuthorizePath or AuthorizationServer.PushedAuthorizationPath)) return known;
        if (known is not null && (await clients.GetPropertiesAsync(known, ct)).TryGetValue(ExpiryProperty, out var expiry)
            && expiry.GetDateTimeOffset() > clock.GetUtcNow())
            return known;
        if (await documents.FetchAsync(address, ct) is not { } document)
        {
            FailedHost = address.IdnHost;
            return null;
        }

        var described = document.Metadata.ToApplication(address.AbsoluteUri, secret: null);
        described.Properties[ExpiryProperty] = JsonSerializer.SerializeToElement(document.ExpiresAt);
        try
        {
            if (known is null) return await clients.CreateAsync(described, ct);
            await clients.UpdateAsync(known, described, ct);
            return known;
        }
        catch (Exception e) when (e is DbUpdateException or OpenIddictExceptions.ConcurrencyException)
        {
            // Another request has stored the document at the same moment.
            db.ChangeTracker.Clear();
            return await clients.FindStoredAsync(address.AbsoluteUri, ct);
        }
    }
}
