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
        new("Invalid", "The request is invalid. `details` names every invalid field with all of its errors.",
            new ValidationFailed(new Dictionary<string, List<string>> { ["appointment_date"] = ["is required"], ["limit"] = ["must be between 1 and 100"] })),
        new("Unauthenticated", "The access token is missing (`AUTH_REQUIRED`), or it is malformed, expired or revoked (`AUTH_INVALID`). At the login: the "
            + "e-mail address, password or code is wrong (`AUTH_INVALID`), or the user has a second factor and no code was sent (`AUTH_SECOND_FACTOR`, with "
            + "the user's factors in `details.factors`). For a tool that requires step-up: the user must log in again, because the login is older than "
            + "`details.max_age` seconds (`AUTH_STEP_UP`).",
            new Unauthenticated(ErrorCodes.AuthRequired, "Log in first: send Authorization: Bearer with an access token."),
            new Unauthenticated(ErrorCodes.AuthInvalid, "The access token is not valid, or no longer. Refresh it or log in again."),
            new Unauthenticated(ErrorCodes.AuthSecondFactor, "Send the current code of your authenticator app or a recovery code as code.")
                .WithDetail("factors", new[] { "totp", "recovery_code" }),
            new StepUpRequired(TimeSpan.FromMinutes(15))),
        new("Forbidden",
            "The caller's role or the scopes of the token do not permit the operation. The latter have the missing scope in `details.required_scope`. The "
            + "response is the same whether or not the entities that the request names exist.",
            new Forbidden("Your role does not include create_hospital."), new InsufficientScope(Scopes.WriteChat)),
        new("Missing", "The entity does not exist, or the caller may not see it. The response for an entity of another hospital is the same.",
            new NotFound("appointment")),
        new("Conflict",
            "The current state does not allow the operation: the time is taken, the version has changed, the transition is not possible or the name is in use.",
            new Conflict("The doctor is already booked then. Choose another time; details.alternatives has the nearest free ones.")
                .WithDetail("alternatives", new[] { new { Date = "2027-03-01", Time = "14:30:00" }, new { Date = "2027-03-01", Time = "13:30:00" } })),
        new("TooSlow", "The body did not arrive in time. It must be complete within 30 seconds and, after 5 seconds, arrive at 1 KiB per second or faster.",
            new RequestTimeout()),
        new("TooLarge", "The body is larger than 1 MiB, or than 16 KiB for `/api/auth/`.", new PayloadTooLarge()),
        new("WrongMediaType", "The body is not JSON, not UTF-8, or compressed.", new UnsupportedMediaType()),
        new("TooMany", "Too many requests. Retry after `retry_after` seconds.",
            new RateLimited("No more than 100 calls a minute. Wait until the minute is over.", 12)),
        new("Broken", "An internal error. The response contains no internal details; include its `request_id` when you report the error.", new InternalError()),
        new("Unavailable", "A required service is unavailable. Retry after `retry_after` seconds.", new Unavailable()),
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
                Examples = Examples.ToDictionary(e => e is InsufficientScope ? BearerChallenge.InsufficientScope : e.Code, e =>
                    OperationDetails.Example(JsonNode.Parse(ErrorResponseWriter.SerializeEnvelope(e, "01980a3c-5d2e-7b41-9c07-3f6a1e8b2d54", ExampleTime))!,
                        e.Message)),
            },
        },
    };
}
