using System.Reflection;
using MedCor.Contracts;
using MedCor.Platform.Database;

namespace MedCor.Tests.Fixtures;

/// <summary>Lists the database contexts of all services. The assembly of each contains the service's handlers and resources.</summary>
internal static class ServiceDatabases
{
    public static IReadOnlyList<Type> All { get; } =
    [
        .. from service in ServiceCatalogue.All
           select Assembly.Load($"MedCor.{service.ProjectName}").GetTypes().Single(type => type.IsAssignableTo(typeof(TenantDb)) && !type.IsAbstract),
    ];
}
