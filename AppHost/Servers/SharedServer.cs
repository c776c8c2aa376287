namespace MedCor.AppHost.Servers;

/// <summary>Represents a server that several programs share, at which each program has a login of its own.</summary>
/// <param name="resource">The server, whose own connection string is that of its administrator.</param>
/// <param name="programs">The programs that have a login; null when each program logs in as the administrator.</param>
/// <param name="connect">Creates the connection string of a program, without its password.</param>
/// <param name="logins">The passwords; null when publishing, where each program is shown with the connection string of the administrator.</param>
internal sealed class SharedServer(IResourceBuilder<IResourceWithConnectionString> resource, IReadOnlyCollection<string>? programs,
    Func<string, ReferenceExpression> connect, ServerLogins? logins)
{
    public IResourceBuilder<IResourceWithConnectionString> Resource => resource;

    /// <summary>Returns the connection string of a program, and the path of the file with its password if the string lacks it.</summary>
    /// <exception cref="DistributedApplicationException">The program has no login.</exception>
    public (ReferenceExpression ConnectionString, string? PasswordFile) GetConnection(string program) =>
        programs is null || logins is null ? (resource.Resource.ConnectionStringExpression, null)
        : programs.Contains(program) ? (connect(program), logins.WritePasswordFile(program))
        : throw new DistributedApplicationException($"{program} has no login at {resource.Resource.Name}.");
}
