using System.Text;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;
using MedCor.Identity.Audit;
using MedCor.Platform.OperatorCommands;
using MedCor.ServiceDefaults.Authentication;
using MedCor.Validation;

namespace MedCor.Identity.Users;

/// <summary>
/// Creates the account of a platform administrator: the first one, whom no other user could create, or a further one when all
/// others have lost their passwords. Works like <c>create_user</c> in every other respect. The password is read from standard
/// input, because arguments are visible to every user who may list processes.
/// </summary>
internal sealed class CreateAdmin(IdentityDb db, CreateUserHandler create, SessionTrail trail, TimeProvider clock) : IOperatorCommand
{
    public string Name => "create-admin";

    public bool TakesArguments => true;

    public async Task<int> RunAsync(string[] arguments, CancellationToken ct)
    {
        if (arguments is not [var email, var first, var last])
        {
            await Console.Error.WriteLineAsync("Usage: create-admin EMAIL FIRST-NAME LAST-NAME. The password is the first line of the standard input.");
            return 64;
        }
        if (!Console.IsInputRedirected) await Console.Error.WriteAsync("Password: ");
        var password = Console.IsInputRedirected ? await Console.In.ReadLineAsync(ct) : ReadPassword();

        var now = clock.GetUtcNow();
        db.Tenancy.Enter(new Caller(Guid.Empty, Name, Role.Admin, HospitalId: null, SessionId: Guid.Empty, IssuedAt: now, ExpiresAt: now));
        try
        {
            var request = await ParameterReader<CreateUser>.ReadAsync(
                JsonSerializer.SerializeToUtf8Bytes(new CreateUser(first, last, Role.Admin, email, password ?? ""), Json.Options),
                rules: (parameters, errors) => create.AddErrorsAsync(parameters, errors, ct));
            // Who runs this chooses the password for themselves.
            var prepared = await create.PrepareAsync(request, ct) with { IsPasswordTemporary = false };
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            var admin = await create.HandleAsync(request, prepared, ct);
            await trail.RecordBySystemAsync("create_user", admin.Id, ct, AuditKind.Account);
            await transaction.CommitAsync(ct);
            Console.WriteLine($"{admin.Email} may log in as a platform administrator: {admin.Id}.");
            return 0;
        }
        catch (ApiException error)
        {
            await Console.Error.WriteLineAsync(error.Message);
            foreach (var (field, wrong) in error.Details) await Console.Error.WriteLineAsync($"  {field}: {wrong?.ToJsonString(Json.Options)}");
            return 1;
        }
    }

    /// <summary>Reads a line from the terminal without echoing it.</summary>
    private static string ReadPassword()
    {
        var line = new StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
            if (!char.IsControl(key.KeyChar)) line.Append(key.KeyChar);
            else if (key.Key == ConsoleKey.Backspace && line.Length > 0) line.Length--;
        Console.Error.WriteLine();
        return line.ToString();
    }
}
