using System.Text.Json;
using System.Text.Json.Serialization;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Audit;
using MedCor.ServiceDefaults.Errors;
using Microsoft.EntityFrameworkCore;
using OpenIddict.Abstractions;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace MedCor.Identity.Authorization;

/// <summary>Lets clients register themselves (RFC 7591). A client by itself has no access: users allow it what it asks for, each for themselves.</summary>
internal static class RegistrationEndpoint
{
    internal const string Path = "/oauth/register";

    /// <summary>The largest registration, in bytes.</summary>
    private const int MaxSize = 16 * 1024;

    internal static async Task<IResult> HandleAsync(HttpContext http, IOpenIddictApplicationManager applications, IdentityDb db, IAuditTrail trail,
        TimeProvider clock)
    {
        ClientMetadata? metadata = null;
        try
        {
            if (http.Request.ContentLength > MaxSize) return Refuse("invalid_client_metadata", "The registration is too large.");
            metadata = await JsonSerializer.DeserializeAsync(http.Request.Body, ClientMetadataJson.Default.ClientMetadata, http.RequestAborted);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // An invalid operation is to read a text that is none, such as a half of a character. Both end as null does.
        }
        if (metadata is null) return Refuse("invalid_client_metadata", "The registration is not a JSON object with the members of RFC 7591.");
        if (metadata.FindError() is { } error) return Refuse(error.Code, error.Description);

        var now = clock.GetUtcNow();
        var id = Guid.CreateVersion7(now).ToString();
        var secret = metadata.IsPublic ? null : ClientMetadata.CreateSecret();
        var application = metadata.ToApplication(id, secret);
        await using var transaction = await db.Database.BeginTransactionAsync(http.RequestAborted);
        await applications.CreateAsync(application, http.RequestAborted);
        await trail.RecordAsync(AuditActor.Anonymous with { ClientId = id }, new("register_client", "clients") { Kind = AuditKind.Administration },
            AuditOutcome.Done, hospitalId: null, http.RequestAborted);
        await transaction.CommitAsync(http.RequestAborted);
        return Results.Json(metadata.ToResponse(id, secret, now), ClientMetadataJson.Default.ClientInformation,
            statusCode: StatusCodes.Status201Created);
    }

    private static IResult Refuse(string error, string description) =>
        Results.Json(new RegistrationError(error, description), ClientMetadataJson.Default.RegistrationError, statusCode: StatusCodes.Status400BadRequest);
}

/// <summary>Represents the error of a registration (RFC 7591, section 3.2.2).</summary>
internal sealed record RegistrationError(string Error, string ErrorDescription);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ClientMetadata)), JsonSerializable(typeof(ClientInformation)), JsonSerializable(typeof(RegistrationError))]
internal sealed partial class ClientMetadataJson : JsonSerializerContext;
