using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.ServiceDefaults.Errors;
using Microsoft.OpenApi;

namespace MedCor.Gateway.OpenApi;

/// <summary>Describes an error response. Its examples are serialized by the same code as the real responses.</summary>
internal sealed record ErrorResponse(string Name, string Description, params ApiException[] Examples)
{
    private static readonly DateTimeOffset ExampleTime = new(2026, 2, 1, 14, 0, 0, TimeSpan.Zero);

    public static ErrorResponse[] All { get; } =
    [
        new("Invalid", "What was asked cannot be meant so. `details` names every bad field, each with all that is wrong with it.",
            new ValidationFailed(new Dictionary<string, List<string>> { ["appointment_date"] = ["is required"], ["limit"] = ["must be between 1 and 100"] })),
        new("Unauthenticated",
            "Nobody is known to be calling: the token is missing (`AUTH_REQUIRED`), or it expired, was revoked or never was one (`AUTH_INVALID`).",
            new Unauthenticated(ErrorCodes.AuthRequired, "Log in first: send Authorization: Bearer with an access token."),
            new Unauthenticated(ErrorCodes.AuthInvalid, "The access token is not valid or has expired.")),
        new("Forbidden", "The caller's role does not include this, whether or not what it names exists.",
            new Forbidden("Your role does not include create_hospital.")),
        new("Missing", "There is no such thing, as far as the caller may know. What belongs to another hospital is missing in just these words.",
            new NotFound("appointment")),
        new("Conflict", "The present state does not allow it: the time is taken, the version is another, the move is not possible, the name is in use.",
            new Conflict("The doctor is already booked then. Choose another time; details.alternatives has the nearest free ones.")
                .WithDetail("alternatives", new[] { new { Date = "2027-03-01", Time = "14:30:00" }, new { Date = "2027-03-01", Time = "13:30:00" } })),
        new("TooSlow", "The body did not come in time: within 30 seconds, and at a kibibyte a second once five are over.", new RequestTimeout()),
        new("TooLarge", "The body is larger than 1 MiB; for `/api/auth/`, than 16 KiB.", new PayloadTooLarge()),
        new("WrongMediaType", "The body is not JSON, not UTF-8, or compressed.", new UnsupportedMediaType()),
        new("TooMany", "Too often. The answer tells when to come again.", new RateLimited("Too many calls. Try again in 12 seconds.", 12)),
        new("Broken", "A fault of MedCor's. It tells nothing of the inside; quote its request_id.", new InternalError()),
        new("Unavailable", "Something that is needed is down at present. Try again after `retry_after` seconds.", new Unavailable()),
    ];

    /// <summary>Gets the status code, which is the same for all examples.</summary>
    public int Status { get; } = Examples[0].Status;

    /// <param name="envelope">The schema of the error envelope.</param>
    public OpenApiResponse Describe(IOpenApiSchema envelope, OpenApiDocument document) => new()
    {
        Description = Description,
        Headers = ResponseHeaders.Reference(ResponseHeaders.ForErrors(Examples), document),
        Content = new Dictionary<string, OpenApiMediaType>
        {
            ["application/json"] = new()
            {
                Schema = envelope,
                Examples = Examples.ToDictionary(e => e.Code, e =>
                    OperationDetails.Example(JsonNode.Parse(ErrorResponseWriter.SerializeEnvelope(e, "01980a3c-5d2e-7b41-9c07-3f6a1e8b2d54", ExampleTime))!,
                        e.Message)),
            },
        },
    };
}
