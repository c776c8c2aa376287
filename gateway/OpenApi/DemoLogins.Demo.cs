using MedCor.DemoData;

namespace MedCor.Gateway.OpenApi;

internal sealed partial record DemoLogins
{
    static partial void Read(ref DemoLogins? logins) => logins = new(DemoTenants.Password, DemoTenants.Hospitals[0].Patients[0].Email, DemoTenants.Accounts);
}
