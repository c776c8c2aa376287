using System.Xml.Linq;
using MedCor.Identity.Authorization;
using MedCor.Identity.Keys;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.DependencyInjection;

namespace MedCor.Tests.Services.Identity.Authorization;

public sealed class DataProtectionKeysTests
{
    [Fact]
    public async Task Replicas_that_start_together_on_an_empty_database_protect_with_one_key()
    {
        await using var identity = await IdentityFixture.Create();
        var keys = new DataProtectionKeys(identity.Get<IServiceScopeFactory>(), identity.Get<KeyEncryption>(), identity.Clock);
        using var start = new Barrier(participantCount: 2);
        await using var one = CreateReplica(keys, start);
        await using var two = CreateReplica(keys, start);

        var written = await Task.WhenAll(Task.Run(() => Protect(one)), Task.Run(() => Protect(two)));

        Assert.Single(keys.GetAllElements());
        Assert.Equal(["read by all", "read by all"], [Unprotect(two, written[0]), Unprotect(one, written[1])]);
    }

    private static ServiceProvider CreateReplica(DataProtectionKeys keys, Barrier start)
    {
        var services = new ServiceCollection();
        services.AddDataProtection().SetApplicationName("medcor");
        services.Configure<KeyManagementOptions>(options => options.XmlRepository = new SimultaneousReader(keys, start));
        return services.BuildServiceProvider();
    }

    private static string Protect(ServiceProvider replica) => replica.GetDataProtector("a test").Protect("read by all");

    private static string Unprotect(ServiceProvider replica, string text) => replica.GetDataProtector("a test").Unprotect(text);

    /// <summary>Holds the first read of each replica until all have read.</summary>
    private sealed class SimultaneousReader(DataProtectionKeys keys, Barrier start) : IXmlRepository
    {
        private bool _hasRead;

        public IReadOnlyCollection<XElement> GetAllElements()
        {
            var read = keys.GetAllElements();
            if (!_hasRead) Assert.True(start.SignalAndWait(TimeSpan.FromMinutes(1)));
            _hasRead = true;
            return read;
        }

        public void StoreElement(XElement element, string friendlyName) => keys.StoreElement(element, friendlyName);
    }
}
