using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Mails;
using MedCor.Identity.Passwords;
using MedCor.Identity.Sessions;
using MedCor.Validation;

namespace MedCor.Identity.Recovery;

/// <summary>Registers and maps what lets users into their accounts who have no password, or have forgotten it.</summary>
internal static class RecoveryEndpoints
{
    /// <summary>The least length of a new password. A current one may be shorter, because some are older than the rule.</summary>
    private const int MinPasswordLength = 8;

    internal static void AddRecovery(this WebApplicationBuilder builder) =>
        builder.Services.AddScoped<PasswordSetter>().AddScoped<EmailChange>().AddScoped<HospitalLinks>();

    internal static void MapRecovery(this WebApplication app)
    {
        app.MapPost("/api/auth/reset", async (HttpContext http, IdentityDb db, MailQueue mails) =>
        {
            var request = ParameterReader<RequestPasswordReset>.Read(await http.ReadJsonAsync());
            db.Tenancy.Enter(hospital: null);
            await mails.AddResetAsync(request.Email, http.RequestAborted);
            return Results.Accepted();
        });
        app.MapPost("/api/auth/password", async (HttpContext http, IdentityDb db, PasswordSetter passwords, LogInHandler logIn) =>
        {
            var (request, ct) = (await ReadAsync(await http.ReadJsonAsync()), http.RequestAborted);
            db.Tenancy.Enter(hospital: null);
            if (request.Token is { } token)
            {
                await passwords.SetByLinkAsync(token, request.Password, ct);
                return Results.NoContent();
            }
            await passwords.ReplaceTemporaryAsync(request.Email!, request.Password, request.NewPassword!, ct);
            return http.JsonWithoutCaching(await logIn.HandleAsync(new(request.Email!, request.NewPassword!), ct));
        });
    }

    /// <summary>Reads a request for a password. Throws <see cref="ValidationFailed"/> that names everything that is wrong with it.</summary>
    internal static Task<SetPassword> ReadAsync(ReadOnlyMemory<byte> json) => ParameterReader<SetPassword>.ReadAsync(json, rules: AddErrorsAsync);

    /// <summary>Adds the errors of fields that do not belong together.</summary>
    private static Task AddErrorsAsync(SetPassword request, ParameterErrors errors)
    {
        if (request.Token is not null)
        {
            if (request.Email is not null) errors.Add("email", "is not for a request with a token: leave it out");
            if (request.NewPassword is not null) errors.Add("new_password", "is not for a request with a token, whose password is the new one: leave it out");
            AddPasswordErrors("password", request.Password);
        }
        else
        {
            if (errors.AreRight("token") && request.Email is null) errors.Add("email", "is required in a request without a token");
            if (errors.AreRight("token") && request.NewPassword is null) errors.Add("new_password", "is required in a request without a token");
            if (request.NewPassword is not null) AddPasswordErrors("new_password", request.NewPassword);
        }
        return Task.CompletedTask;

        void AddPasswordErrors(string field, string password)
        {
            if (!errors.AreRight(field)) return;
            if (PlainText.CountCharacters(password) < MinPasswordLength) errors.Add(field, $"must have at least {MinPasswordLength} characters");
            else if (PasswordPolicy.FindError(password, "", "", "") is { } weak) errors.Add(field, weak);
        }
    }
}
