import asyncio
import aiohttp
import json
from typing import List, Dict, Any

class MCPBatchProcessor:
    """Process batch operations through MCP with SSE monitoring"""
    
    def __init__(self, base_url: str, token: str):
        self.base_url = base_url
        self.token = token
        self.headers = {
            'Authorization': f'Bearer {token}',
            'Content-Type': 'application/json'
        }
    
    async def batch_create_patients(self, patients: List[Dict[str, Any]]):
        """Create multiple patients with progress monitoring"""
        
        async with aiohttp.ClientSession() as session:
            # Start SSE connection for monitoring
            sse_task = asyncio.create_task(
                self.monitor_sse(session)
            )
            
            results = []
            for patient in patients:
                result = await self.invoke_tool(
                    session,
                    'create_user',
                    {
                        **patient,
                        'role': 'PATIENT'
                    }
                )
                results.append(result)
                
                # Small delay to avoid overwhelming the server
                await asyncio.sleep(0.1)
            
            # Cancel SSE monitoring
            sse_task.cancel()
            
            return results
    
    async def invoke_tool(self, session: aiohttp.ClientSession, 
                         tool: str, params: Dict[str, Any]):
        """Invoke an MCP tool"""
        
        async with session.post(
            f'{self.base_url}/api/mcp/tools/invoke',
            headers=self.headers,
            json={'tool': tool, 'params': params}
        ) as response:
            return await response.json()
    
    async def monitor_sse(self, session: aiohttp.ClientSession):
        """Monitor SSE events for real-time updates"""
        
        async with session.get(
            f'{self.base_url}/api/mcp/sse',
            headers={'Authorization': f'Bearer {self.token}'}
        ) as response:
            async for line in response.content:
                if line.startswith(b'data: '):
                    try:
                        data = json.loads(line[6:].decode('utf-8'))
                        await self.handle_sse_event(data)
                    except json.JSONDecodeError:
                        continue
    
    async def handle_sse_event(self, event: Dict[str, Any]):
        """Handle SSE events"""
        
        if event.get('type') == 'tool_response':
            print(f"Tool completed: {event['tool']}")
        elif event.get('type') == 'error_event':
            print(f"Error: {event['error']}")
    
    async def bulk_schedule_appointments(self, appointments: List[Dict]):
        """Schedule multiple appointments efficiently"""
        
        async with aiohttp.ClientSession() as session:
            # First, get all doctor availability
            tasks = []
            for apt in appointments:
                task = self.invoke_tool(
                    session,
                    'list_appointment_slots',
                    {
                        'doctor_id': apt['doctor_id'],
                        'date': apt['date']
                    }
                )
                tasks.append(task)
            
            availabilities = await asyncio.gather(*tasks)
            
            # Schedule appointments based on availability
            scheduled = []
            for apt, availability in zip(appointments, availabilities):
                if self.find_available_slot(availability, apt['preferred_time']):
                    result = await self.invoke_tool(
                        session,
                        'create_appointment',
                        apt
                    )
                    scheduled.append(result)
            
            return scheduled
    
    def find_available_slot(self, availability: Dict, preferred_time: str):
        """Check if preferred time is available"""
        
        return preferred_time in availability.get('available_times', [])

# Usage example
async def main():
    processor = MCPBatchProcessor('http://localhost:8002', auth_token)
    
    # Batch create patients
    patients = [
        {
            'email': f'patient{i}@example.com',
            'password': 'SecurePass123!',
            'first_name': f'Patient{i}',
            'last_name': 'Test',
            'hospital_id': hospital_id,
            'date_of_birth': '1990-01-01'
        }
        for i in range(10)
    ]
    
    results = await processor.batch_create_patients(patients)
    print(f"Created {len(results)} patients")
    
    # Bulk schedule appointments
    appointments = [
        {
            'patient_id': patient_id,
            'doctor_id': doctor_id,
            'date': '2025-02-01',
            'preferred_time': '14:00:00',
            'reason': 'Checkup'
        }
        for patient_id in patient_ids
    ]
    
    scheduled = await processor.bulk_schedule_appointments(appointments)
    print(f"Scheduled {len(scheduled)} appointments")

# Run the async main function
asyncio.run(main())
