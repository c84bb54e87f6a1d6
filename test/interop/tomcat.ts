/**
 * Tomcats with `jvmRoute` and two applications. Those at `/` replicate their sessions to each other, as the documentation describes it, with
 * a `DeltaManager` and the `JvmRouteBinderValve`, which gives a session that comes from a lost Tomcat its own route. Those at
 * `/shared` keep their sessions in one store for all.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemTool } from '../core/transport/system-tool.ts';
import { freePorts, startProgram } from './program.ts';
import type { Program } from './program.ts';

/** Where Debian has it. */
const HOME = '/usr/share/tomcat10';

/** Installs what is missing, where that is permitted. @returns the path of `java` */
export function installTomcat(context: Mocha.Context): string {
  // Not the package `tomcat10`, which starts one. This is a path below each folder where programs are looked for.
  systemTool(context, '../share/tomcat10/bin/bootstrap.jar', 'tomcat10-common');
  return systemTool(context, 'java', 'default-jre-headless');
}

export interface Tomcat extends Program {
  /** Its `jvmRoute`. */
  readonly route: string;
}

export async function startTomcats(java: string, routes: readonly string[]): Promise<Tomcat[]> {
  const ports = await freePorts(routes.length * 2);
  const shared = mkdtempSync(join(tmpdir(), 'evenkeel-tomcat-'));
  const members = routes.map((route, i) => ({ route, port: ports[2 * i]!, channel: ports[2 * i + 1]! }));
  return Promise.all(members.map((member) => startTomcat(java, member, members, shared)));
}

interface Member {
  readonly route: string;
  readonly port: number;
  readonly channel: number;
}

async function startTomcat(java: string, self: Member, members: readonly Member[], shared: string): Promise<Tomcat> {
  const jars = ['bootstrap.jar', 'tomcat-juli.jar'].map((jar) => join(HOME, 'bin', jar));
  const program = await startProgram({
    program: java,
    port: self.port,
    args: (folder) => [
      // It is up in half the time without the second compiler, and shares the machine with others.
      ...['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto', '-Xmx128m'],
      ...['-cp', jars.join(':'), `-Dcatalina.home=${HOME}`, `-Dcatalina.base=${folder}`, `-Djava.io.tmpdir=${folder}`],
      ...['org.apache.catalina.startup.Bootstrap', 'start'],
    ],
    files: () => ({
      'conf/server.xml': serverXml(self, members),
      'conf/web.xml': WEB_XML,
      'webapps/ROOT/WEB-INF/web.xml': '<web-app version="5.0"><distributable/></web-app>',
      'webapps/ROOT/index.jsp': page(self.route),
      'webapps/shared/META-INF/context.xml': contextXml(shared),
      'webapps/shared/index.jsp': page(self.route),
    }),
  });
  return {
    ...program,
    route: self.route,
    async [Symbol.asyncDispose]() {
      await program[Symbol.asyncDispose]();
      rmSync(shared, { recursive: true, force: true });
    },
  };
}

/** Only what a page needs: the servlets for files and for JSP. */
const WEB_XML = `<web-app version="5.0">
  <servlet><servlet-name>default</servlet-name><servlet-class>org.apache.catalina.servlets.DefaultServlet</servlet-class></servlet>
  <servlet><servlet-name>jsp</servlet-name><servlet-class>org.apache.jasper.servlet.JspServlet</servlet-class></servlet>
  <servlet-mapping><servlet-name>default</servlet-name><url-pattern>/</url-pattern></servlet-mapping>
  <servlet-mapping><servlet-name>jsp</servlet-name><url-pattern>*.jsp</url-pattern></servlet-mapping>
  <welcome-file-list><welcome-file>index.jsp</welcome-file></welcome-file-list>
</web-app>`;

/** A second application: its sessions are in a store that all share, under ids that never change. */
function contextXml(shared: string): string {
  const session = 'org.apache.catalina.session';
  return `<Context>
    <Valve className="org.apache.catalina.valves.PersistentValve"/>
    <Manager className="${session}.PersistentManager" saveOnRestart="false">
      <Store className="${session}.FileStore" directory="${shared}"/>
    </Manager>
  </Context>`;
}

/** Counts the visits of a session, and says how: instance, id, count, and a link as Tomcat writes it. */
function page(route: string): string {
  return `<%@ page session="true" contentType="text/plain" trimDirectiveWhitespaces="true" %><%
  Integer count = (Integer) session.getAttribute("count");
  session.setAttribute("count", count == null ? 1 : count + 1);
%>${route}|<%= session.getId() %>|<%= session.getAttribute("count") %>|<%= response.encodeURL("/index.jsp") %>|<%= request.getHeader("cookie") %>`;
}

function uniqueId(members: readonly Member[], route: string): string {
  return `{${Array.from({ length: 16 }, () => members.findIndex((member) => member.route === route)).join(',')}}`;
}

function serverXml(self: Member, members: readonly Member[]): string {
  const tribes = 'org.apache.catalina.tribes';
  const ha = 'org.apache.catalina.ha';
  const memberXml = ({ route, channel }: Member, element: string): string =>
    `<${element} className="${tribes}.membership.StaticMember" host="127.0.0.1" port="${channel}" uniqueId="${uniqueId(members, route)}"/>`;
  const others = members.filter(({ route }) => route !== self.route);
  return `<Server port="-1"><Service name="Catalina">
    <Connector address="127.0.0.1" port="${self.port}" keepAliveTimeout="20000"/>
    <Engine name="Catalina" defaultHost="localhost" jvmRoute="${self.route}">
      <Cluster className="${ha}.tcp.SimpleTcpCluster" channelSendOptions="6">
        <Manager className="${ha}.session.DeltaManager" stateTransferTimeout="1"/>
        <Channel className="${tribes}.group.GroupChannel">
          <Membership className="${tribes}.membership.StaticMembershipService" expirationTime="500">
            ${memberXml(self, 'LocalMember')}${others.map((other) => memberXml(other, 'Member')).join('')}
          </Membership>
          <Receiver className="${tribes}.transport.nio.NioReceiver" address="127.0.0.1" port="${self.channel}" autoBind="0"/>
          <Sender className="${tribes}.transport.ReplicationTransmitter">
            <Transport className="${tribes}.transport.nio.PooledParallelSender" timeout="1000"/>
          </Sender>
          <Interceptor className="${tribes}.group.interceptors.TcpFailureDetector" connectTimeout="500"/>
        </Channel>
        <Valve className="${ha}.tcp.ReplicationValve"/>
        <Valve className="${ha}.session.JvmRouteBinderValve"/>
        <ClusterListener className="${ha}.session.ClusterSessionListener"/>
      </Cluster>
      <Host name="localhost" appBase="webapps" autoDeploy="false"/>
    </Engine>
  </Service></Server>`;
}
